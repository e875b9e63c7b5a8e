whiptail --title Question --yesno "Really?" 10 50
whiptail --title Box --inputbox "Something" 10 50 preset
for i in 10 40 70 100; do echo $i; sleep 0.05; done | whiptail --title Gauge --gauge "Wait" 8 50 0
whiptail --msgbox "The end" 8 30
