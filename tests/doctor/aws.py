"""The AWS CLI, loaded once: a call is a fork of this process. Starting it for each call takes most of the time that these tests need.

    aws.py SOCKET                    serves until standard input closes; says "ready" when it does
    python -IS aws_call.py SOCKET …  a call (aws_call.py): the same arguments, environment, folder and standard streams, and the same exit code
"""

import os
import select
import socket
import sys

import awscli.clidriver


def call(connection):
    head, streams, *_ = socket.recv_fds(connection, 4, 3)
    left, parts = int.from_bytes(head, "little"), []
    while left and (part := connection.recv(left)):
        parts.append(part)
        left -= len(part)
    folder, count, *rest = b"".join(parts).decode(errors="surrogateescape").split("\0")
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.chdir(folder)
    # The import of awscli has set where its own models are.
    models = os.environ["AWS_DATA_PATH"]
    os.environ.clear()
    os.environ.update([("AWS_DATA_PATH", models), *(variable.split("=", 1) for variable in rest[int(count):])])
    sys.argv = ["aws", *rest[:int(count)]]
    try:
        code = awscli.clidriver.main()
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    connection.send(bytes([int(code or 0)]))


def main():
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(64)
    # What a driver loads when it is made is loaded then.
    awscli.clidriver.create_clidriver()
    print("ready", flush=True)
    while True:
        ready, *_ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            # A fork of the fork, which init reaps.
            if os.fork() == 0:
                call(connection)
            os._exit(0)
        os.wait()
        connection.close()


main()
