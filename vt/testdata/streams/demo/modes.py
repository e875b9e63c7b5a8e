# Everything around the text. A key is waited for between the steps.
import os, termios, time, tty

old = termios.tcgetattr(0)
tty.setraw(0)

def step(s):
    os.write(1, s.encode())
    # Answers of the terminal are no keys.
    time.sleep(0.1)
    termios.tcflush(0, termios.TCIFLUSH)
    os.read(0, 1)

try:
    step("\033]0;both titles\a\033]2;title with ünïcode\033\\ready\r\n")
    step("\033[?2026h" + "".join(f"\033[{r};1H\033[2Kframe row {r}" for r in range(3, 10)))
    step("\033[?2026lshown\r\n")
    step("\033[3 q\033[?25l\033[?1h\033=\033[?2004h\033[?1002h\033[?1006h\033[?1004h")
    step("\033[?25h\033[5 q\033[?1003h\033[?1006l\033[4h")
    step("insert mode\033[9Dpushed \033[4l")
    step("\033[?1049h\033[Halternate screen\r\n\033[5;10r\033[?6h\033[Hin the region\033[999Bbottom")
    step("\033[?47l\033[Hback by another number")
    step("\033[?1049l\033[?6l\033[rnormal\r\n")
    step("\033[s\033[10;10Hmoved\033[uand back\0337\033[1;33m\033[20;20H yellow \0338plain again\r\n")
    step("\033]8;;https://example.com/a\033\\a link\033]8;;\033\\ and \033]8;id=x;https://example.com/b\033\\two \033[1mparts\033]8;;\033\\\r\n")
    step("\033(0lqqwqqk\r\nx  x  x\r\nmqqvqqj\033(B \016so\017si \033)0\016aaa\017\r\n")
    step("\033[?7l" + "n" * 90 + "end\033[?7h\r\n" + "w" * 90 + "\r\n")
    step("\033[?45h\033[1;1H\b\bback\033[?45l")
    step("\033[3g\033[12G\033H\033[40G\033H\r\ta\tb\tc\r\n\033[2Zback\033[Ix\r\n")
    step("\033[12;1Habc\033[5bREP\r\n\033[\"1qkept\033[\"0qgone\033[?2K\r\n")
    step("\033[14;1H\033[3S\033[2T\033M\033M\033D\033E")
    step("\033[20;1H" + "漢字" * 5 + "\033[20;2Hx\033[20;6H\033[1P\033[20;9H\033[1@\033[20;12H\033[1X")
    step("\033[2 @\033[1 A\033[10G\033[2'}\033[3'~")
    step("\033[c\033[>c\033[=c\033[5n\033[6n\033[?6n\033[?25$p\033[?2004$p\033[4$p\033[?9999$p\033P$qm\033\\\033P$qr\033\\\033P$q q\033\\")
    step("\033[!p\033[?1l\033>\033[?2004l\033[?1002l\033[?1003l\033[?1004lafter a soft reset\r\n")
    step("\033#8")
    step("\033[3J\033[2J\033[Hclean")
    step("\033chard reset\r\n")
finally:
    termios.tcsetattr(0, termios.TCSANOW, old)
