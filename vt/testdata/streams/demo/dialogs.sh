dialog --title Menu --menu "Pick one" 15 50 5 1 first 2 second 3 third 4 fourth
dialog --title List --checklist "Pick some" 15 50 4 a apple on b banana off c cherry off
for i in 10 40 70 100; do echo $i; sleep 0.05; done | dialog --title Gauge --gauge "Wait" 8 50 0
dialog --title Form --form "Fill in" 12 50 3 Name: 1 1 "" 1 10 20 0 Town: 2 1 "" 2 10 20 0
dialog --msgbox "The end" 6 30
