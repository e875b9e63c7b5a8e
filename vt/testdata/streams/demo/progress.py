# Bars as programs draw them. What is written at once stays together; the pauses
# are for the recorder.
import sys, time

def put(*s):
    sys.stdout.write("".join(s))
    sys.stdout.flush()

def rest():
    time.sleep(0.25)

# One line, rewritten with a carriage return.
for i in range(0, 101, 5):
    bar = "#" * (i // 4)
    put(f"\r{i:3}% [{bar:<25}] {i * 13} kB")
rest()
put("\r\033[K\033[32mdone\033[0m\n")
# A spinner, a line that is as wide as the screen, and one that is wider.
for i in range(12):
    put("\b" if i else "", "|/-\\"[i % 4])
put("\r", "=" * 80, "\r", "-" * 40)
rest()
put("\r", "x" * 80, "\r\n", "y" * 85, "\rz\n")
rest()
# Several lines, as docker and cargo draw them.
names = ["alpha", "beta", "gamma", "漢字"]
put("\n" * len(names))
for i in range(0, 11):
    put(f"\033[{len(names)}A")
    for k, n in enumerate(names):
        p = min(100, i * (8 + k))
        put(f"\033[2K\033[1m{n:<8}\033[22m \033[3{k + 1}m{'━' * (p // 3)}\033[90m{'╺' * (33 - p // 3)}\033[0m {p}%\r\033[1B")
    if i % 5 == 0:
        rest()
# Lines that come in while the bars stay below.
for i in range(30):
    put(f"\033[{len(names)}A\033[Llog line {i}, which pushes the bars down\033[{len(names) + 1}E" if i % 3 else f"\033[{len(names)}A\033[1M\033[{len(names) - 1}B\n")
rest()
# A region that scrolls above a bar in the last row, as apt keeps it.
put("\n\0337\033[1;23r\0338\033[1A")
for i in range(20):
    put(f"Unpacking package {i} ({'.' * (i * 5)})\r\n")
    put(f"\0337\033[24;0f\033[42m\033[30mProgress: [{i * 5:3}%]\033[49m\033[39m [{'#' * i}{'.' * (20 - i)}] \0338")
    if i == 10:
        rest()
rest()
put("\0337\033[1;24r\0338\033[1A\033[J")
put("the end\r\n")
