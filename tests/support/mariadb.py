"""A throwaway MariaDB server for one run of the tests.

    mariadb.py start FOLDER   makes and starts one; FOLDER/socket then holds the path of its socket
    mariadb.py stop FOLDER    ends it and removes it

It listens on a Unix socket in a temporary folder of its own only, and nothing survives it. User root, no password.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time


def as_server(command):
    """The server refuses to run as root: root lends it the account that the package made."""
    return ["runuser", "-u", "mysql", "--"] + command if os.geteuid() == 0 else command


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


def stop(folder):
    home = read(os.path.join(folder, "home"))
    pid = read(f"{home}/pid") if home else ""
    if pid and os.path.exists(f"/proc/{pid}") and home in read_command(pid):
        os.kill(int(pid), signal.SIGKILL)  # Nothing is kept.
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up and os.path.exists(f"/proc/{pid}/exe"):
            time.sleep(0.05)
    if home:
        shutil.rmtree(home, ignore_errors=True)
    for name in ("home", "socket"):
        try:
            os.remove(os.path.join(folder, name))
        except FileNotFoundError:
            pass


def read_command(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def start(folder):
    server = shutil.which("mariadbd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not server:
        sys.exit("mariadbd is not installed (package mariadb-server)")
    os.makedirs(folder, exist_ok=True)
    stop(folder)  # What an interrupted run left.
    home = tempfile.mkdtemp(prefix="underpin-maria-")
    os.chmod(home, 0o755)
    if os.geteuid() == 0:
        shutil.chown(home, "mysql", "mysql")
    with open(os.path.join(folder, "home"), "w", encoding="utf-8") as file:
        file.write(home)
    made = subprocess.run(as_server(["mariadb-install-db", "--no-defaults", f"--datadir={home}/data",
                                     "--auth-root-authentication-method=normal", "--skip-test-db"]),
                          cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=90)
    if made.returncode != 0:
        sys.exit(made.stdout)
    subprocess.Popen(as_server([server, "--no-defaults", f"--datadir={home}/data", f"--socket={home}/socket",
                                "--skip-networking", f"--pid-file={home}/pid", f"--log-error={home}/log",
                                "--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=0",
                                "--innodb-buffer-pool-size=32M", "--skip-grant-tables"]),
                     cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                     start_new_session=True)
    give_up = time.monotonic() + 60
    while not (os.path.exists(f"{home}/socket") and read(f"{home}/pid")):
        if time.monotonic() > give_up:
            sys.exit(read(f"{home}/log") or "mariadbd did not start")
        time.sleep(0.05)
    with open(os.path.join(folder, "socket"), "w", encoding="utf-8") as file:
        file.write(f"{home}/socket")


if len(sys.argv) != 3 or sys.argv[1] not in ("start", "stop"):
    sys.exit(__doc__)
{"start": start, "stop": stop}[sys.argv[1]](os.path.abspath(sys.argv[2]))
