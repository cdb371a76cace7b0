"""A throwaway PostgreSQL cluster for one run of the tests.

    postgres.py start FOLDER    makes and starts one; FOLDER/connection then holds what libpq needs
    postgres.py stop FOLDER     ends it and removes it
    postgres.py restart FOLDER  stops it hard (as a crash would) and starts it again
    postgres.py kill FOLDER     ends its first process without a word, and starts it again when the others have gone
    postgres.py halt FOLDER     stops it hard; its data stay
    postgres.py resume FOLDER   starts it again

It listens on a Unix socket in a temporary folder of its own only, and keeps nothing: fsync is off.
"""
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time


def tool(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda p: int(p.split("/")[4]))
    path = found[-1] if found else shutil.which(name)
    if not path:
        sys.exit(f"{name} is not installed (package postgresql)")
    return path


def run(command):
    """The server refuses to run as root: root lends it the account that the package made."""
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--"] + command
    done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=90)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stdout}")


def cluster_of(folder):
    try:
        with open(os.path.join(folder, "cluster"), encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


def pg_ctl(home, *what):
    run([tool("pg_ctl"), "-D", f"{home}/data", "-w", "-t", "60", "-l", f"{home}/log", *what])


def kill(folder):
    home = cluster_of(folder)
    with open(f"{home}/data/postmaster.pid", encoding="utf-8") as file:
        first = int(file.readline())
    others = children_of(first)
    os.kill(first, signal.SIGKILL)
    # They end when they notice; until then the data are theirs.
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up and any(os.path.exists(f"/proc/{pid}/fd") for pid in [first, *others]):
        time.sleep(0.05)
    # What it left would pass for a live server's, if its number is another's by now.
    os.remove(f"{home}/data/postmaster.pid")
    pg_ctl(home, "start")


def children_of(parent):
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                if int(file.read().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(name))
        except OSError:
            pass
    return found


def stop(folder):
    home = cluster_of(folder)
    if home and os.path.isdir(home):
        if os.path.exists(f"{home}/data/postmaster.pid"):
            pg_ctl(home, "-m", "immediate", "stop")
        shutil.rmtree(home, ignore_errors=True)
    for name in ("cluster", "connection"):
        try:
            os.remove(os.path.join(folder, name))
        except FileNotFoundError:
            pass


def start(folder):
    os.makedirs(folder, exist_ok=True)
    stop(folder)  # What an interrupted run left.
    home = tempfile.mkdtemp(prefix="underpin-pg-")
    os.chmod(home, 0o755)
    if os.geteuid() == 0:
        shutil.chown(home, "postgres", "postgres")
    with open(os.path.join(folder, "cluster"), "w", encoding="utf-8") as file:
        file.write(home)
    run([tool("initdb"), "-D", f"{home}/data", "-A", "trust", "-U", "underpin", "-E", "UTF8",
         "--locale=C", "--no-sync"])
    settings = {
        "listen_addresses": "''", "unix_socket_directories": f"'{home}'", "port": "5432",
        "max_connections": "200", "shared_buffers": "'32MB'", "fsync": "off",
        "logging_collector": "off", "deadlock_timeout": "'200ms'",
    }
    with open(f"{home}/data/postgresql.conf", "a", encoding="utf-8") as file:
        file.writelines(f"{name} = {value}\n" for name, value in settings.items())
    pg_ctl(home, "start")
    with open(os.path.join(folder, "connection"), "w", encoding="utf-8") as file:
        file.write(f"host={home} port=5432 user=underpin dbname=postgres")


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("start", "stop", "restart", "kill", "halt", "resume"):
        sys.exit(__doc__)
    folder = os.path.abspath(sys.argv[2])
    if sys.argv[1] == "start":
        start(folder)
    elif sys.argv[1] == "stop":
        stop(folder)
    elif sys.argv[1] == "kill":
        kill(folder)
    elif sys.argv[1] == "halt":
        pg_ctl(cluster_of(folder), "-m", "immediate", "stop")
    elif sys.argv[1] == "resume":
        pg_ctl(cluster_of(folder), "start")
    else:
        pg_ctl(cluster_of(folder), "-m", "immediate", "restart")


main()
