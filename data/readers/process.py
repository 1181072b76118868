"""Files of strangers, read in a process of its own under a clock and a bound on memory.

Whatever a file does to the reader, it ends as one refusal and the next file is read. The process
is started when first needed, serves file after file, and ends with the one that started it.
"""

from __future__ import annotations

import atexit
import gc
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from itertools import chain
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import IO, Any

from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.errors import DataError, ForecastError
from employment_forecast.data.readers.large import read_pieces
from employment_forecast.data.readers.reader import read_file
from employment_forecast.data.readers.tables import NotPlain
from employment_forecast.data.records import Observation, Place, Reading, ReadResult, file_title

# CPU seconds for a small file, and for each megabyte: several times what honest files need.
SECONDS, SECONDS_PER_MEGABYTE = 15.0, 8.0
_MEMORY_BYTES = 4 << 30
# Waiting for a disk takes no CPU; after so many times the clock the process is ended all the same.
_PATIENCE = 20
_LENGTH = struct.Struct(">Q")
_WHOLE, _PIECES = "whole", "pieces"  # what is asked
_NOT_PLAIN, _END = "not plain", "end"  # what is answered besides results
_SERVE = "from employment_forecast.data.readers.process import serve; serve()"
_RESAVE = "请用 Excel 或 WPS 打开，把需要的表另存为新的 .xlsx 后再导入。"


def _send(stream: IO[bytes], message: Any) -> None:
    data = bytes(ForkingPickler.dumps(message))
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    """The next message; raises EOFError if the other side is gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return ForkingPickler.loads(data)


def allowance(path: Path) -> float:
    """CPU seconds that reading a file may take."""
    try:
        size = path.stat().st_size
    except OSError:
        size = 0
    return SECONDS + SECONDS_PER_MEGABYTE * size / (1 << 20)


class ReaderProcess:
    """The process and the pipes to it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._busy = threading.Lock()

    def read(self, path: Path, catalogue: Catalogue, options: dict[str, Any]) -> ReadResult:
        """Have one file read.

        Parameters
        ----------
        path : pathlib.Path
            Office file.
        catalogue : Catalogue
            Knows regions, indicators and their synonyms.
        options : dict
            Keyword arguments of `read_file`.

        Returns
        -------
        ReadResult

        Raises
        ------
        ForecastError
            As `read_file`, or DataError if the process died of the file.
        """
        with self._asked(_WHOLE, path, catalogue, options) as answers:
            return _unpacked(*next(answers))

    @contextmanager
    def pieces(
        self, path: Path, catalogue: Catalogue, options: dict[str, Any]
    ) -> Iterator[Iterator[tuple[ReadResult, float]] | None]:
        """Have one large file read in pieces; None for one that is to be read as a whole.

        Parameters, errors
            As for `read`. Each piece comes with the share of the file that has been read.
        """
        with self._asked(_PIECES, path, catalogue, options) as answers:
            first = next(answers)
            if first == _NOT_PLAIN:
                next(answers, None)
                yield None
                return
            yield ((_unpacked(*piece), share) for piece, share in chain((first,), answers))

    @contextmanager
    def _asked(
        self, task: str, path: Path, catalogue: Catalogue, options: dict[str, Any]
    ) -> Iterator[Iterator[Any]]:
        """Ask the process; whoever does not hear all of its answers ends it."""
        seconds = allowance(path)
        with self._busy:
            process = self.start()
            assert process.stdin is not None
            assert process.stdout is not None
            clock = threading.Timer(seconds * _PATIENCE, process.kill)
            clock.daemon = True
            clock.start()
            heard = False

            def answers() -> Iterator[Any]:
                nonlocal heard
                assert process.stdout is not None
                try:
                    while (answer := _receive(process.stdout)) != _END:
                        if isinstance(answer, ForecastError):
                            heard = _receive(process.stdout) == _END
                            raise answer
                        yield answer
                except EOFError:
                    raise _died(path, self.end(), seconds) from None
                heard = True

            try:
                _send(process.stdin, (task, path, catalogue, options, seconds))
                yield (replies := answers())
                if task == _WHOLE:
                    next(replies, None)
            except (BrokenPipeError, ConnectionResetError):
                raise _died(path, self.end(), seconds) from None
            finally:
                clock.cancel()
                if not heard:
                    self.end()

    def start(self) -> subprocess.Popen[bytes]:
        """The running process, started if there is none."""
        if self._process is None or self._process.poll() is not None:
            self.end()
            self._process = subprocess.Popen(  # our own interpreter and code
                [sys.executable, "-P", "-c", _SERVE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C reaches the parent alone
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
                    "OPENBLAS_NUM_THREADS": "1",
                    "OMP_NUM_THREADS": "1",
                },
            )
        return self._process

    def end(self) -> int:
        """End the process; its exit status, 0 if there was none."""
        process, self._process = self._process, None
        if process is None:
            return 0
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # it died with something unread
                    stream.close()
        try:
            return process.wait(0.2)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def _died(path: Path, status: int, seconds: float) -> DataError:
    name = file_title(path)
    if status in (-24, -9, -15):  # SIGXCPU, or ended from outside
        return DataError(f"“{name}”读取超过 {seconds:.0f} 秒，已停止，没有读入任何内容。", _RESAVE)
    return DataError(f"“{name}”使读取程序中断（{status}），没有读入任何内容。", _RESAVE)


_PROCESS = ReaderProcess()
atexit.register(_PROCESS.end)


def start_reading() -> None:
    """Start the process ahead of the first file, while something else is done."""
    _PROCESS.start()


def read_apart(path: Path, catalogue: Catalogue, **options: Any) -> ReadResult:
    """Read one file as `read_file` does, in a process of its own.

    Parameters
    ----------
    path, catalogue, **options
        As for `read_file`.

    Returns
    -------
    ReadResult

    Raises
    ------
    ForecastError
        As `read_file`; DataError also if the file takes too long, too much memory, or brings the
        reader down.
    """
    # The process may have started in another folder.
    return _PROCESS.read(Path(path).absolute(), catalogue, options)


def read_in_pieces(
    path: Path, catalogue: Catalogue, **options: Any
) -> AbstractContextManager[Iterator[tuple[ReadResult, float]] | None]:
    """Read a large list piece by piece in a process of its own, in bounded memory.

    Parameters
    ----------
    path, catalogue, **options
        As for `read_file`.

    Returns
    -------
    context manager
        Of the pieces, each with all figures of some regions and the share of the file that has
        been read; of None if the file is no plain list and so has to be read as a whole.

    Raises
    ------
    ForecastError
        As `read_apart`, now or at any piece.
    """
    return _PROCESS.pieces(Path(path).absolute(), catalogue, options)


def serve() -> None:
    """Read files as they are asked for until the pipe closes; runs in the reader process."""
    questions = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints gets among the answers
    threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()
    _bound_memory()
    gc.disable()  # what files become holds no circles, and to look for them takes long
    while True:
        try:
            task, path, catalogue, options, seconds = _receive(questions)
        except EOFError:
            return
        _set_clock(seconds)
        for answer in _answers(task, path, catalogue, options):
            _send(answers, answer)
        _send(answers, _END)


def _answers(task: str, path: Path, catalogue: Catalogue, options: dict[str, Any]) -> Iterator[Any]:
    try:
        if task == _WHOLE:
            yield _packed(read_file(path, catalogue, **options))
        else:
            for piece, share in read_pieces(path, catalogue, options):
                yield _packed(piece), share
    except NotPlain:
        yield _NOT_PLAIN
    except ForecastError as error:
        yield error
    except MemoryError:
        yield DataError(f"“{file_title(path)}”需要的内存太多，没有读入任何内容。", _RESAVE)
    except Exception as error:  # noqa: BLE001  # one file's fault must not end the others
        kind = type(error).__name__
        yield DataError(f"“{file_title(path)}”无法读取（{kind}），没有读入任何内容。", _RESAVE)


_Row = tuple[Any, ...]
_Packed = tuple[ReadResult, list[_Row], list[_Row]]


def _packed(result: ReadResult) -> _Packed:
    """A result with its readings as plain rows, which cross to another process much faster."""
    bare = replace(result, readings=(), groups=())
    return bare, [_row(r) for r in result.readings], [_row(r) for r in result.groups]


def _row(reading: Reading) -> _Row:
    row, place = reading.observation, reading.place
    observation = (row.region, row.indicator, row.month, row.value, row.published_on, row.source)
    return (
        *observation,
        place.file,
        place.sheet,
        place.row,
        place.column,
        reading.raw,
        reading.group,
        reading.label,
    )


def _unpacked(bare: ReadResult, readings: list[_Row], groups: list[_Row]) -> ReadResult:
    return replace(
        bare, readings=tuple(map(_reading, readings)), groups=tuple(map(_reading, groups))
    )


def _reading(row: _Row) -> Reading:
    return Reading(Observation(*row[:6]), Place(*row[6:10]), *row[10:])


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _set_clock(seconds: float) -> None:
    """Let the kernel end this process after so many more CPU seconds, where it can."""
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        limit = int(time.process_time() + seconds) + 1
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


def _bound_memory() -> None:
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = _MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(_MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
