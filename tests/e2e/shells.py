"""Types a line and TAB into an interactive zsh, and prints the line that zsh makes of it.

shells.py FOLDER fpath|source LINE: FOLDER holds the script as `zsh`, and as `functions/_irsa-probe`.
"""

import os
import pty
import select
import sys
import time

# No machine is so busy that it takes longer.
LIMIT = 60
RC = {
    "fpath": "fpath=({0}/functions $fpath); autoload -Uz compinit; compinit -u -D",
    "source": "autoload -Uz compinit; compinit -u -D; source {0}/zsh",
}
# Ctrl-G writes the line to a file. Where several words are possible, the line is left as it is.
SHOW = """
unset zle_bracketed_paste; PROMPT='> '; setopt no_beep no_auto_list no_auto_menu
show() {{ print -rn -- "$BUFFER" >{0}/shown.new; mv {0}/shown.new {0}/shown }}
zle -N show; bindkey '^G' show; bindkey '^I' expand-or-complete
print READY
"""


def main(folder, load, line):
    shown = os.path.join(folder, "shown")
    if os.path.exists(shown):
        os.remove(shown)
    with open(os.path.join(folder, "home", ".zshrc"), "w", encoding="utf-8") as rc:
        rc.write((RC[load] + SHOW).format(folder))
    child, terminal = pty.fork()
    if child == 0:
        environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "ZDOTDIR": os.environ["HOME"], "TERM": "dumb"}
        os.execvpe("zsh", ["zsh", "-i"], environment)
    seen = b""
    end = time.monotonic() + LIMIT
    typed = False
    while not os.path.exists(shown):
        if time.monotonic() > end:
            sys.exit(f"zsh did not answer: {seen!r}")
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                sys.exit(f"zsh has ended: {seen!r}")
        # The prompt comes after READY; keys that are typed earlier would be echoed twice, but not be lost.
        if not typed and b"READY" in seen and seen.rstrip().endswith(b">"):
            os.write(terminal, line.encode() + b"\t\x07")
            typed = True
    with open(shown, encoding="utf-8") as text:
        print(text.read(), end="")
    os.close(terminal)
    os.waitpid(child, 0)


main(*sys.argv[1:])
