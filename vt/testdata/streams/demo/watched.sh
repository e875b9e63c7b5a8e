# Something that changes from one call to the next, without the time of day.
n=$(cat count 2>/dev/null || echo 0)
echo $((n + 1)) > count
printf '\033[1;32mtick\033[0m %d\n' "$n"
printf 'and \033[4mthe same\033[0m each time\n'
seq "$n" $((n + 5))
