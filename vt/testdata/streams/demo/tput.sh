tput clear; tput cup 3 5; echo cup; tput bold; echo bold; tput sgr0
tput smul; echo under; tput rmul; tput smso; echo standout; tput rmso; tput rev; echo reverse; tput sgr0
tput dim; echo dim; tput sgr0; tput sitm; echo italic; tput ritm; tput blink; echo blink; tput invis; echo invis; tput sgr0
for i in 1 2 3 4 5 6 7; do tput setaf $i; printf 'fg%d' $i; tput setab $i; printf 'bg%d' $i; done; tput op; echo
sleep 0.5
tput cup 10 0; tput sc; echo saved; tput rc; echo restored; tput home; echo home
tput cup 12 10; echo text to cut; tput cup 12 14; tput dch 3; tput cup 12 12; tput ich 2; printf in; tput ech 2
tput cup 13 0; tput il 2; echo inserted; tput dl1; tput el1; tput el
sleep 0.5
tput csr 5 15; tput cup 15 0; printf '1\n2\n3\n'; tput cup 5 0; tput ri; tput ri; echo top; tput csr 0 23
tput cup 18 0; tput hpa 20; printf hpa; tput vpa 19; printf vpa; tput cuu 2; tput cub 5; tput cuf 3; tput cud1; printf moved
tput indn 2; tput rin 1
sleep 0.5
tput smacs; printf 'lqqk\n'; tput rmacs; tput civis; tput cnorm; tput cvvis; tput smkx; tput rmkx
tput smir; printf ins; tput rmir; tput rmam; tput cup 20 75; printf 'no margin here'; tput smam; tput cup 21 75; printf 'margin here'
tput hts; tput cup 22 0; tput ht; printf t; tput cbt; printf b; tput tbc; tput cup 23 0; tput ht; printf e
sleep 0.5
tput cup 22 0; tput smcup; echo alternate; sleep 0.5; tput rmcup
tput ed; tput flash; tput bel; tput setaf 200; echo 200; tput sgr 1 1 1 1 1 1 1 1 0; echo sgr; tput sgr0; tput dsl 2>/dev/null
sleep 0.5
tput is2; tput rs2; echo "set up again"
