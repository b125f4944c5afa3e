"""A real Slurm of one node on this machine, with eight pretended GPUs; needs root.

apt-get install --no-install-recommends slurm-wlm munge
"""

import os
import shutil
import socket
import stat
import subprocess
import time
from pathlib import Path

TOOLS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo")
CONFIG = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CryptoType=crypto/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
MinJobAge=3600
KillWait=2
SlurmctldPort=16817
SlurmdPort=16818
SlurmdParameters=config_overrides
GresTypes=gpu
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/log/slurmctld
SlurmdLogFile={folder}/log/slurmd
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=64000 Gres=gpu:8 State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=1-00:00:00 State=UP
"""


class Slurm:
    """Starts the three daemons below a folder; ``environment`` is what its users need."""

    def __init__(self, folder: Path) -> None:
        missing = [tool for tool in TOOLS if shutil.which(tool) is None]
        if missing or os.getuid():
            raise RuntimeError(f"{__doc__}missing: {missing or 'root'}")
        self.folder = folder
        host = socket.gethostname().partition(".")[0]
        for name in ("munge", "state", "spool", "log", "bin", "gpus"):
            (folder / name).mkdir(mode=0o755, parents=True)
        for number in range(8):
            os.mknod(folder / "gpus" / f"gpu{number}", stat.S_IFCHR | 0o600, os.makedev(1, 3))
        config = folder / "slurm.conf"
        config.write_text(CONFIG.format(host=host, folder=folder))
        (folder / "gres.conf").write_text(f"Name=gpu File={folder}/gpus/gpu[0-7]\n")
        # Snakemake's job step drops SLURM_CONF before it calls srun; elsewhere it is in /etc.
        wrapper = folder / "bin" / "srun"
        real = shutil.which("srun")
        wrapper.write_text(f'#!/bin/sh\nexport SLURM_CONF={config}\nexec {real} "$@"\n')
        wrapper.chmod(0o755)
        self.environment = {
            "SLURM_CONF": str(config),
            "PATH": f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}",
        }
        self._start(host)

    def _start(self, host: str) -> None:
        munge = self.folder / "munge"
        key = munge / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log"}
        files["seed-file"] = "seed"
        self.run("munged", "--force", *(f"--{name}={munge / file}" for name, file in files.items()))
        self.run("slurmctld")
        time.sleep(1)
        self.run("slurmd", "-N", host)
        deadline = time.monotonic() + 60
        while "idle" not in self.run("sinfo", "-h", "-o", "%T", check=False):
            assert time.monotonic() < deadline, (self.folder / "log" / "slurmctld").read_text()
            time.sleep(0.2)

    def run(self, *command: str, check: bool = True) -> str:
        """Runs a command of Slurm; returns what it printed."""
        done = subprocess.run(
            command,
            env=os.environ | self.environment,
            check=check,
            stdout=subprocess.PIPE,
            text=True,
            timeout=60,
        )
        return done.stdout

    def jobs(self, states: str) -> list[tuple[str, str, str]]:
        """Return the jobs in these states: number, comment (rule and wildcards), GPUs asked for."""
        fields = "JobID:|,Comment:|,tres-per-job:|"
        lines = self.run("squeue", "-h", "-t", states, "-O", fields).splitlines()
        return [
            (number, comment, gpus) for number, comment, gpus, _ in (x.split("|") for x in lines)
        ]

    def stop(self) -> None:
        """Cancels all jobs and ends the daemons."""
        self.run("scancel", "--user=root", check=False)
        for name in ("slurmd.pid", "slurmctld.pid", "munge/pid"):
            pid = self.folder / name
            if pid.exists():
                os.kill(int(pid.read_text()), 15)
