"""Where a cluster is and how it is spoken to: TLS both ways, except within one machine."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from employment_forecast.data.errors import ForecastError, SettingsError
from employment_forecast.experiments.cluster.certificates import certificate_files

if TYPE_CHECKING:
    from distributed import Security

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_ADDRESS = re.compile(r"(tls|tcp)://(\[[0-9a-fA-F:]+\]|[\w.\-]+):(\d{1,5})")
PORT = 8786
FINGERPRINT = "forecast_fingerprint"


class ClusterError(ForecastError):
    """The cluster cannot be used now."""

    code = "cluster"


@dataclass(frozen=True)
class Address:
    """Where the scheduler listens.

    Attributes
    ----------
    url : str
        With protocol and port.
    encrypted : bool
        By TLS; only within one machine may it be without.
    """

    url: str
    encrypted: bool


def parse_address(text: str) -> Address:
    """An address as people write it.

    Raises
    ------
    SettingsError
        If it is none, or unencrypted beyond this machine.
    """
    match = _ADDRESS.fullmatch(text.strip())
    if match is None or not 0 < int(match[3]) < 65536:
        raise SettingsError(
            f"“{text}”不是集群调度程序的地址。", f"请写成 tls://主机名:{PORT} 的形式。"
        )
    demand_encryption(match[2], encrypted=match[1] == "tls")
    return Address(match[0], match[1] == "tls")


def demand_encryption(host: str, *, encrypted: bool) -> None:
    """Refuse an unencrypted connection beyond this machine."""
    if not encrypted and host not in _LOOPBACK:
        raise SettingsError(
            f"与 {host} 的连接没有加密。",
            "本机以外只用 tls:// 地址和本单位的证书；用 forecast cluster certificates 制作证书。",
        )


def demand_dask() -> None:
    """Refuse where the optional library is not installed."""
    if find_spec("distributed") is None:
        raise SettingsError(
            "没有安装集群所需的 Dask。", "请执行 pip install 'employment-forecast[cluster]'。"
        )


def security(folder: Path | None, *, encrypted: bool) -> Security | None:
    """What Dask is told of certificates; None within one machine.

    Raises
    ------
    SettingsError
        If certificates are missing or not fit for use.
    """
    demand_dask()
    if not encrypted:
        return None
    if folder is None:
        raise SettingsError(
            "tls:// 地址需要证书。",
            "请用 --certificates 或 [compute] certificates 指明放证书的文件夹。",
        )
    files = certificate_files(folder)
    from distributed import Security

    names = {
        f"tls_{role}_{part}": str(getattr(files, attribute))
        for role in ("client", "scheduler", "worker")
        for part, attribute in (("cert", "certificate"), ("key", "key"))
    }
    made: Security = Security(require_encryption=True, tls_ca_file=str(files.authority), **names)
    return made


def quiet_dask() -> None:
    """Settings of Dask in this process: no open ports beside the one, short patience, silence."""
    import dask
    import distributed  # noqa: F401  # sets its defaults and its loggers

    # Its words are for developers; what people must know we say ourselves.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    dask.config.set(
        {
            # For the processes that Dask starts.
            "logging.distributed": "critical",
            "distributed.scheduler.http.routes": [],
            "distributed.worker.http.routes": [],
            "distributed.scheduler.allowed-failures": 3,
            # One that was stopped, or whose network was cut, is given up after this.
            "distributed.scheduler.worker-ttl": "60s",
            "distributed.comm.timeouts.connect": "10s",
            "distributed.comm.retry.count": 0,
            "distributed.worker.daemon": False,
            "distributed.admin.large-graph-warning-threshold": "1GB",
        }
    )
