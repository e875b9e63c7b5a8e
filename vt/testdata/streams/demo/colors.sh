for i in $(seq 0 15); do printf '\033[48;5;%dm %2d \033[0m' "$i" "$i"; done; echo
for i in $(seq 16 255); do printf '\033[48;5;%dm \033[0m' "$i"; done; echo
for i in $(seq 30 37) $(seq 90 97); do printf '\033[%dm%d\033[39m ' "$i" "$i"; done; echo
for i in $(seq 40 47) $(seq 100 107); do printf '\033[%dm%d\033[49m ' "$i" "$i"; done; echo
for i in $(seq 0 4 255); do printf '\033[38;2;%d;%d;128m#\033[48:2::%d:10:%dm=\033[m' "$i" $((255 - i)) "$i" $((255 - i)); done; echo
for a in 1 2 3 4 5 6 7 8 9 21 53; do printf '\033[%dmattr %d\033[0m ' "$a" "$a"; done; echo
printf '\033[1;3;4;7;9mall\033[22mno bold\033[23mno italic\033[24mno ul\033[27mno inverse\033[29mno strike\033[m plain\n'
for u in 0 1 2 3 4 5; do printf '\033[4:%dmunder %d\033[m ' "$u" "$u"; done
for u in 1 3; do printf '\033[4:%d;58;2;255;100;%dmcolour\033[59m none\033[m ' "$u" "$u"; printf '\033[4:%d;58:5:20mcolour\033[m ' "$u"; done; echo
printf '\033[38:5:208mcolons\033[38:2:1:2:3mno space\033[38;5mshort\033[m \033[38;2;1mtoo short\033[m \033[48;7mwhat\033[m\n'
printf '\033[44merase to the end\033[K\n\033[0m'
printf '\033[41;7minverse erase\033[K\033[1K\n\033[0m'
printf 'before\033[42m\033[3Xafter three\033[2@insert\033[3Dback\033[2Pdelete\033[m\n'
printf '\033[45m\033[2L\033[m\033[46m\033[1M\033[m'
printf '\033[43mscroll with colour\n\n\n\033[m'
printf '\033[1;31mbold\033[;32mempty is zero\033[mend\n'
