"""A pool of Beam's workers for the TaskManagers of this machine, at the port that is the only argument.

Beam's own pool (`apache_beam.runners.worker.worker_pool_main`) is for one TaskManager: each numbers its workers from 1,
and when one TaskManager lets its worker 1 go, that pool ends the worker 1 of another, in the middle of its work. Here a
worker ends when the TaskManager that asked for it closes the connection, or dies.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import Any

from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer


class _Pool(BeamFnExternalWorkerPoolServicer):
    def StopWorker(self, _request: Any, _context: Any) -> beam_fn_api_pb2.StopWorkerResponse:  # noqa: N802 - the protocol's name
        return beam_fn_api_pb2.StopWorkerResponse()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    _address, server = _Pool.start(use_process=True, port=int(sys.argv[1]))
    threading.Event().wait()
