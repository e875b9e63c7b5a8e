"""The scenarios: real programs, real keys. See recorder.py for the format.

    record.py FOLDER [NAME...]

records into FOLDER all scenarios or those named. SHOW=1 prints the screen at
each mark. scripts/record-streams.sh is the way to run it: it gives it a /tmp
and a host name of its own.
"""

import os
import subprocess
import sys

import demo
from recorder import HOME, Oracle, Session

UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
ESC, TAB, ENTER, BS = "\x1b", "\t", "\r", "\x7f"
F3, F4, F9, F10 = "\x1bOR", "\x1bOS", "\x1b[20~", "\x1b[21~"
PAGE_DOWN, PAGE_UP, HOME_KEY, END_KEY = "\x1b[6~", "\x1b[5~", "\x1bOH", "\x1bOF"

scenarios = {}


def scenario(about, argv, cols=80, rows=24, env=None):
    """Registers the function below it, whose name is the stream's."""
    def register(play):
        scenarios[play.__name__.replace("_", "-")] = (play, about, argv, cols, rows, env)
        return play
    return register


def ctrl(c):
    return chr(ord(c) & 0x1F)


# Editors

@scenario("vim: insert, undo, search, visual block, completion", ["vim", "-u", "vimrc", "hello.c"])
def vim_edit(s):
    s.wait("main")
    s.check("opened")
    s.keys("G")
    s.type("oint answer(void) {")
    s.keys(ENTER + "return 42;" + ENTER + "}" + ESC)
    s.keys("uu")
    s.keys(ctrl("r"))
    s.keys("/int" + ENTER)
    s.keys("n")
    s.keys("gg")
    s.keys("3yyP")
    s.keys(ctrl("v") + "jjllc" + "XX" + ESC)
    s.keys("dd")
    s.keys(":set nowrap number" + ENTER)
    s.keys("20zl")
    s.keys(":%s/XX/wide 漢字 text/g" + ENTER)
    s.keys("zt" + ctrl("e") + ctrl("e"))
    s.keys(":q!" + ENTER)


@scenario("vim: windows side by side, scrolling in one of them, a resize in the middle", ["vim", "-u", "vimrc", "hello.c"])
def vim_split(s):
    s.wait("main")
    s.keys(":split long.txt" + ENTER)
    s.keys(ctrl("d"))
    s.keys(ctrl("e") * 3)
    s.keys(ctrl("y") * 2)
    s.keys(":vsplit" + ENTER)
    s.keys("30G")
    s.keys(ctrl("f"))
    s.keys("5dd")
    s.keys("P")
    s.resize(120, 40)
    s.keys(ctrl("w") + "w")
    s.resize(60, 15)
    s.keys(ctrl("w") + "o")
    s.keys(":help" + ENTER)
    s.keys(":qa!" + ENTER)


@scenario("nano: typing, cutting, searching, help", ["nano", "-x", "notes.txt"])
def nano(s):
    s.wait("notes")
    s.check("opened")
    s.type("Hello, nano. ")
    s.keys(DOWN * 3 + ctrl("k"))
    s.keys(ctrl("u") + ctrl("u"))
    s.keys(ctrl("w") + "line" + ENTER)
    s.keys(ctrl("v"))
    s.keys("\x1b3")
    s.resize(70, 18)
    s.keys(ctrl("x"))
    s.keys("n")


@scenario("joe: blocks, help, two windows", ["joe", "hello.c"])
def joe(s):
    s.wait("main")
    s.keys(ctrl("k") + "h")
    s.keys(ctrl("k") + "h")
    s.keys(ctrl("k") + "b" + DOWN * 3 + ctrl("k") + "k")
    s.keys(DOWN * 2 + ctrl("k") + "c")
    s.keys(ctrl("k") + "o")
    s.keys(ctrl("v"))
    s.keys(ctrl("c"))
    s.keys("y")


# Pagers

@scenario("less: search, long lines chopped and not, a resize", ["less", "-i", "long.txt"])
def less(s):
    s.wait("line 1")
    s.check("opened")
    s.keys(" ")
    s.keys("jjj")
    s.keys("kk")
    s.keys("/fox" + ENTER)
    s.keys("n")
    s.keys("-S" + ENTER)
    s.keys(RIGHT)
    s.keys("G")
    s.resize(100, 30)
    s.keys("b")
    s.resize(50, 12)
    s.keys("g")
    s.keys("h")
    s.keys("q")
    s.keys("q")


@scenario("man: a page in less, with bold and underlined words", ["man", "./demo.1"], env={"MANPAGER": "less", "GROFF_SGR": "1"})
def man(s):
    s.wait("DESCRIPTION")
    s.check("opened")
    s.keys(" ")
    s.keys("/sort" + ENTER)
    s.keys("n")
    s.resize(120, 40)
    s.keys("G")
    s.keys("q")


# Multiplexers and file managers

@scenario("tmux: panes, windows, copy mode, a resize", ["tmux", "-u", "-f", "tmux.conf"], cols=120, rows=40)
def tmux(s):
    s.wait("[0]")
    s.keys("ls --color" + ENTER)
    s.keys(ctrl("b") + "%")
    s.keys("seq 100" + ENTER)
    s.keys(ctrl("b") + '"')
    s.keys("echo 漢字; printf '\\e[31mred\\e[44mon blue\\e[m\\n'" + ENTER)
    s.keys(ctrl("b") + "q", quiet=0.2)
    s.settle(quiet=1.2)
    s.keys(ctrl("b") + LEFT)
    s.keys("less long.txt" + ENTER)
    s.keys(" ")
    s.resize(80, 24)
    s.keys("q")
    s.keys(ctrl("b") + RIGHT)
    s.keys(ctrl("b") + "[")
    s.keys(UP * 10)
    s.keys(PAGE_UP)
    s.keys("q")
    s.keys(ctrl("b") + "c")
    s.keys("vim -u vimrc hello.c" + ENTER, quiet=0.5)
    s.keys(ctrl("b") + "z")
    s.keys(ctrl("b") + "w")
    s.keys("q")
    s.keys(ctrl("b") + "d")


@scenario("mc: panels, menus, viewer, editor, a dialog", ["mc", "-u"], env={"EDITOR": "mcedit"})
def mc(s):
    down, right = "\x1bOB", "\x1bOC"  # mc turns the application cursor keys on
    s.wait("hello.c", 15)
    s.check("opened", quiet=3)
    s.keys(down * 4)
    s.keys(F9)
    s.keys(down)
    s.keys(right)
    s.keys(ESC + ESC, quiet=1)
    s.keys(down * 4)
    s.keys(F3, "viewer", quiet=0.5)
    s.keys(PAGE_DOWN)
    s.keys(F10)
    s.keys(F4, "editor", quiet=0.5)
    s.keys("typed")
    s.keys(F10, quiet=0.8)
    s.keys(right + ENTER, quiet=0.5)
    s.keys(TAB)
    s.resize(100, 30)
    s.keys(F10)
    s.keys(ENTER)


@scenario("tig: history, diff beside it", ["tig"], cols=120, rows=40)
def tig(s):
    s.wait("Merge", 15)
    s.check("opened")
    s.keys(DOWN * 2)
    s.keys(ENTER, quiet=0.5)
    s.keys(DOWN * 4)
    s.keys("/change" + ENTER)
    s.resize(90, 28)
    s.keys("h")
    s.keys("q")
    s.keys("Q")


# Monitors

BUSY = "sleep 1001 & sleep 1002 & (sleep 1003; true) & "


@scenario("htop: meters, tree, setup, a resize", ["sh", "-c", BUSY + "htop -d 300"], cols=100, rows=30)
def htop(s):
    s.wait("Tasks", 15)
    s.check("opened")
    s.keys(DOWN * 2)
    s.keys("\x1b[15~", "tree")
    s.keys("\x1b[17~", "sort menu")
    s.keys(ESC, quiet=1.0)
    s.keys("/sleep")
    s.keys(ENTER)
    s.resize(80, 24)
    s.keys("\x1bOQ", "setup")
    s.keys(DOWN + RIGHT)
    s.keys(F10)
    s.keys("q")


@scenario("top: colours, a resize", ["sh", "-c", BUSY + "top -d 60"])
def top(s):
    s.wait("COMMAND", 15)
    s.check("opened")
    s.keys("z")
    s.keys("x")
    s.keys("c")
    s.keys("1")
    s.resize(100, 20)
    s.keys("h")
    s.keys(ESC, quiet=0.8)
    s.keys("q")


@scenario("watch: differences marked, colours kept", ["watch", "-c", "-d", "-n", "1", "sh watched.sh"])
def watch(s):
    s.wait("tick")
    s.check("first", quiet=0.2, most=0.5)
    for i in range(4):
        s.settle(quiet=0.3, most=1.5)
        s.check(f"tick {i}", quiet=0.1, most=0.3)
    s.keys("q")


# Pickers and dialogs

@scenario("fzf: whole screen with a preview", ["sh", "-c", "fzf --multi --border --preview 'head -30 {}' < files.txt"])
def fzf_full(s):
    s.wait("hello.c")
    s.check("opened", quiet=0.5)
    s.keys("o")
    s.keys("n")
    s.keys(UP)
    s.keys(TAB + TAB)
    s.keys(ctrl("u"))
    s.resize(100, 30)
    s.keys("zzz")
    s.keys(ctrl("u"))
    s.keys(ENTER)


@scenario("fzf: a part of the screen, under a prompt", ["sh", "-c", "seq 30; seq -f 'item %g' 200 | fzf --height 40% --layout reverse"])
def fzf_inline(s):
    s.wait("item 1")
    s.check("opened", quiet=0.5)
    s.type("19")
    s.keys(DOWN * 2)
    s.keys(BS)
    s.keys(ctrl("k") * 3)
    s.keys(ENTER)


@scenario("dialog: a menu, a check list, a gauge, a form", ["sh", "dialogs.sh"])
def dialog(s):
    s.wait("Pick")
    s.check("menu")
    s.keys(DOWN * 2)
    s.keys(ENTER)
    s.keys(" " + DOWN + " ")
    s.keys(ENTER)
    s.check("gauge", quiet=0.6)
    s.keys("name")
    s.keys(TAB + ENTER)
    s.keys(ENTER)


@scenario("whiptail: a question, an input box, a gauge", ["sh", "whiptails.sh"])
def whiptail(s):
    s.wait("Really")
    s.check("question")
    s.keys(TAB)
    s.keys(ENTER)
    s.keys("some input")
    s.keys(ENTER)
    s.check("gauge", quiet=0.6)
    s.keys(ENTER)


# Shells

@scenario("bash: lines longer than the screen, edited in the middle, history, resizes", ["bash", "--norc", "--noprofile"])
def bash_long(s):
    s.wait("$")
    s.type("echo a line that is longer than the screen is wide, so that it wraps, and then goes on for more")
    s.keys(ctrl("a"))
    s.keys("\x1bf\x1bf")
    s.type(" very")
    s.keys(ctrl("e") + " and 漢字漢字 more words at the end of it that wrap again")
    s.keys(LEFT * 60)
    s.keys(BS * 5)
    s.keys(ENTER)
    s.keys("for i in 1 2 3 4 5 6 7 8; do printf '%0100d\\n' $i; done" + ENTER)
    s.resize(60, 24)
    s.keys("echo $COLUMNS" + ENTER)
    s.resize(100, 30)
    s.keys("echo $COLUMNS" + ENTER)
    s.keys(ctrl("r") + "echo")
    s.keys(ctrl("g"))
    s.keys("cat long.txt" + ENTER)
    s.resize(80, 10)
    s.keys("ls" + TAB + TAB)
    s.keys(ctrl("u") + "clear" + ENTER)
    s.keys("exit" + ENTER)


@scenario("fish: suggestions, colours, the pager of completions", ["fish", "--private"])
def fish(s):
    s.wait("(main)", 15)
    s.check("opened", quiet=1.0)
    s.type("ls -l hel")
    s.keys(TAB, quiet=0.8)
    s.keys(ENTER)
    s.type("git ")
    s.keys(TAB, quiet=1.5)
    s.keys(DOWN * 3)
    s.keys(ESC, quiet=0.8)
    s.keys(ctrl("u"))
    s.type("if true; echo 'quoted' | cat > /dev/null # comment")
    s.keys(ENTER)
    s.type("nosuchcommand")
    s.keys(ctrl("c"))
    s.keys(UP)
    s.resize(60, 20)
    s.keys(ctrl("c"))
    s.keys("exit" + ENTER)


@scenario("python: the interactive interpreter", ["/usr/bin/python3", "-q"], env={"PYTHONSTARTUP": "", "PYTHONHISTFILE": "/dev/null"})
def python(s):
    s.wait(">>>")
    s.type("2**200")
    s.keys(ENTER)
    s.type("def f(x):")
    s.keys(ENTER + "    return 'é' * x" + ENTER + ENTER)
    s.keys("f(200)" + ENTER)
    s.keys("print('\\033[1;35mmagenta\\033[0m', '漢字', '\\U0001F600')" + ENTER)
    s.keys("1/0" + ENTER)
    s.keys("import sy" + TAB + TAB)
    s.keys(ctrl("u") + UP * 3)
    s.keys(ctrl("c"))
    s.keys(ctrl("d"))


# Output that only runs past

@scenario("git log: graph and colours", ["sh", "-c", "git --no-pager log --graph --color --stat"])
def git_log(s):
    s.check("log")


@scenario("git diff in less", ["git", "-c", "color.ui=always", "-c", "core.pager=less -R", "log", "-p", "--graph"])
def git_log_less(s):
    s.wait("Merge")
    s.check("opened")
    for _ in range(3):
        s.keys(" ")
    s.keys("/change" + ENTER)
    s.resize(100, 15)
    s.keys("q")


@scenario("ls in colours, with links", ["sh", "-c", "ls --color=always --hyperlink=always -la; ls --color=always -C /usr/bin | head -40"])
def ls_color(s):
    s.check("list")


@scenario("progress bars: one line, several lines, a scroll region as apt keeps one", ["python3", "-u", "progress.py"])
def progress(s):
    while not s.ended:
        s.check("moment", quiet=0.15, most=0.5)


@scenario("Unicode: wide, combining, emoji, flags, right to left, at the last column", ["cat", "unicode.txt"])
def unicode_page(s):
    s.check("page")


@scenario("Unicode in a narrow terminal", ["cat", "unicode.txt"], cols=23, rows=12)
def unicode_narrow(s):
    s.check("page")
    s.resize(40, 12)
    s.resize(17, 12)
    s.resize(80, 24)


@scenario("colours: 16, 256, 24 bits, attributes, kinds of underlines", ["sh", "colors.sh"])
def colors(s):
    s.check("colours")


@scenario("synchronised output, shapes of the cursor, modes, titles, links, the alternate screen", ["python3", "-u", "modes.py"])
def modes(s):
    for i in range(30):
        s.check(f"step {i}", quiet=0.3)
        if s.ended:
            break
        s.keys("x", f"step {i + 1}", quiet=0.3)


@scenario("tput: many capabilities, one after the other", ["sh", "tput.sh"])
def tput(s):
    while not s.ended:
        s.check("moment", quiet=0.25, most=0.6)


@scenario("tput reset and reset after a mess", ["sh", "-c", "printf '\\033(0\\033[?25l\\033[5;10r\\033[7mmess\\n'; tput reset; echo after; printf '\\033(0\\033[4hq\\033[1;31m'; reset; echo good; tput clear; echo end"])
def reset(s):
    s.check("after", quiet=1.5)


# Games and moving pictures

@scenario("cmatrix, seconds of it", ["cmatrix", "-u", "9"], cols=40, rows=12)
def cmatrix(s):
    for i in range(4):
        s.check(f"frame {i}", quiet=0.2, most=0.6)
    s.keys("B", quiet=0.2, most=0.6)
    s.keys("q", quiet=0.3, most=1)


@scenario("sl: a locomotive", ["sl"], cols=60, rows=20)
def sl(s):
    while not s.ended and len(s.bytes) < 50_000:
        for _ in range(8):
            s.settle(quiet=0.02, most=0.4)
        s.check("moment", quiet=0.02, most=0.4)


@scenario("nethack: a few steps", ["sh", "-c", "/usr/games/nethack -u Demo-valkyrie-human-female-neutral -X"])
def nethack(s):
    s.settle(quiet=1.0)
    s.check("opened")
    for keys in ["y", ENTER, ENTER, " ", " ", "i", ESC, "h", "j", "l", "k", "20s", "/", ESC, "?", ESC]:
        s.keys(keys, quiet=0.4)


@scenario("the ncurses program that tests its own functions: attributes in all colours", ["ncurses"])
def ncurses(s):
    s.settle(quiet=0.8)
    s.check("menu")
    for keys in ["b" + ENTER, "f", "B", ESC]:
        s.keys(keys, quiet=0.6)


# vttest, the test of terminals

def vttest(s, *choices, screens=40):
    """Chooses from the menus, then presses Return through all screens."""
    s.wait("Enter choice")
    for choice in choices:
        s.keys(choice + ENTER)
    for i in range(screens):
        if s.ended or ("Enter choice" in s.screen()):
            break
        s.keys(ENTER, f"screen {i}")
    for _ in choices:
        if s.ended:
            break
        s.keys("0" + ENTER)


VTTEST = ["vttest", "-s", "24x80.132"]


@scenario("vttest 1: movements of the cursor", VTTEST)
def vttest_1_cursor(s):
    vttest(s, "1")


@scenario("vttest 2: screen features: wrapping, tabs, origin mode, renditions", VTTEST)
def vttest_2_screen(s):
    vttest(s, "2")


@scenario("vttest 3: character sets", VTTEST)
def vttest_3_charsets(s):
    vttest(s, "3")


@scenario("vttest 8: insert and delete of characters and lines", VTTEST)
def vttest_8_insert(s):
    vttest(s, "8")


@scenario("vttest 6: reports", VTTEST)
def vttest_6_reports(s):
    s.wait("Enter choice")
    s.keys("6" + ENTER)
    for choice in ["1", "2", "3", "4", "6"]:
        s.keys(choice + ENTER)
        for _ in range(6):
            if "Enter choice" in s.screen() or s.ended:
                break
            s.keys(ENTER)


@scenario("vttest 11.5: the movements of ISO 6429", VTTEST)
def vttest_11_movements(s):
    s.wait("Enter choice")
    s.keys("11" + ENTER)
    submenu(s, "5", "1", "2", "3", "4", "5", "6", "7", "8")


@scenario("vttest 11.6: the colours of ISO 6429, which erase with the background", VTTEST)
def vttest_11_colors(s):
    s.wait("Enter choice")
    s.keys("11" + ENTER)
    submenu(s, "6", "2", "3", "4", "5", "6", "7", "8")


@scenario("vttest 11.7: other functions of ISO 6429: repeat, scroll, protected areas", VTTEST)
def vttest_11_other(s):
    s.wait("Enter choice")
    s.keys("11" + ENTER)
    submenu(s, "7", "2", "3", "4", "5", "6", "7")


@scenario("vttest 11.1.2 and 11.3: screens of VT220 and VT420: erase characters, protected areas", VTTEST)
def vttest_11_vt220(s):
    s.wait("Enter choice")
    s.keys("11" + ENTER)
    s.keys("1" + ENTER)
    submenu(s, "2", "2", "3", "4", "5")


@scenario("vttest 11.8.7: the alternate screen of xterm", VTTEST)
def vttest_11_alternate(s):
    s.wait("Enter choice")
    s.keys("11" + ENTER)
    s.keys("8" + ENTER)
    submenu(s, "7", "3", "4", "5")


def submenu(s, menu, *choices):
    """Chooses a menu and, one after the other, tests of it."""
    s.keys(menu + ENTER)
    for choice in choices:
        s.keys(choice + ENTER)
        for i in range(8):
            if s.ended or "Enter choice" in s.screen():
                break
            s.keys(ENTER, f"{menu}.{choice}, screen {i}")
    s.keys("0" + ENTER)


def main():
    folder, names = sys.argv[1], sys.argv[2:]
    unknown = [n for n in names if n not in scenarios]
    if unknown:
        raise SystemExit(f"no scenario {' '.join(unknown)}; there are: {' '.join(scenarios)}")
    oracle = Oracle()
    for name in names or scenarios:
        play, about, argv, cols, rows, env = scenarios[name]
        subprocess.run(["rm", "-rf", HOME], check=True)
        demo.make(HOME)
        session = Session(oracle, name, about, argv, cols, rows, env)
        play(session)
        session.end(os.path.abspath(folder))


main()
