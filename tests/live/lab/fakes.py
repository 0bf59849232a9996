"""Servers at the addresses where AWS's own stand. Each notes what it was asked."""

import http.server
import re
import socket
import socketserver
import ssl
import struct
import threading
import time

import answers
import certificates

STS = "127.0.0.2"
REFUSED = "127.0.0.9"
LISTING = (
    '<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>1</ID></Owner>'
    "<Buckets></Buckets></ListAllMyBucketsResult>"
)
LINK_LOCAL = ("169.254.", "fd00:ec2:")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one segment, as small answers come from AWS: Go can lose a body that comes later.
    wbufsize = -1

    def log_message(self, *arguments):
        pass

    def handle_one_request(self):
        # A client that goes away while it is answered is no fault of this server.
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError, OSError):
            self.close_connection = True

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            return ""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")

    def answer(self, answer):
        if answer is None:
            # Linger of 0 s: close sends a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
        elif answer == "hang":
            time.sleep(600)
        elif answer[0] == "slow":
            time.sleep(3)
            self.answer(answer[1])
        else:
            status, kind, text = answer
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("x-amzn-RequestId", "00000000-0000-4000-8000-000000000000")
            if self.command == "PUT" and status == 200:
                # Go takes a token without its lifetime for none.
                self.send_header("X-aws-ec2-metadata-token-ttl-seconds", "21600")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)
            self.wfile.flush()

    def respond(self):
        self.server.respond(self, self.body())

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = respond

    def do_CONNECT(self):
        self.server.connect(self)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, room, address, port, respond, tls=False):
        self.room, self.respond, self.tls = room, respond, tls
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_bind(self):
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def finish_request(self, request, client):
        # The handshake belongs into the connection's own thread.
        if self.tls:
            try:
                request = certificates.context(self.room.cache).wrap_socket(request, server_side=True)
            except (OSError, ssl.SSLError) as error:
                self.room.note("tls", error=str(error))
                return
        self.RequestHandlerClass(request, client, self)

    def connect(self, handler):
        handler.answer((405, "text/plain", "no proxy"))

    def handle_error(self, request, client):
        pass


class Proxy(Server):
    def connect(self, handler):
        host = handler.path.rsplit(":", 1)[0].strip("[]")
        if self.room.modes.take("proxy") == "407":
            self.room.note("proxy", host=host)
            handler.answer((407, "text/plain", "proxy authentication required"))
            return
        self.room.note("proxy", host=host)
        if host.startswith(LINK_LOCAL):
            handler.answer((502, "text/plain", "link-local"))
            return
        with socket.create_connection((STS, 443)) as there:
            handler.send_response(200, "Connection established")
            handler.end_headers()
            handler.wfile.flush()
            handler.close_connection = True
            back = threading.Thread(target=pump, args=(there, handler.connection), daemon=True)
            back.start()
            pump(handler.connection, there)
            back.join(30)


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Room:
    """All fakes of one room, and what they noted in order."""

    def __init__(self, modes, token, cache):
        self.modes, self.token, self.cache = answers.Modes(modes), token, cache
        self.notes, self.lock = [], threading.Lock()

    def note(self, who, **what):
        with self.lock:
            self.notes.append({"who": who} | what)

    def sts(self, handler, body):
        self.call_sts(handler, body, handler.headers.get("Host", "").split(":")[0])

    def call_sts(self, handler, body, host):
        signed = re.search(r"Credential=([^/]*)(/|$)", handler.headers.get("Authorization", ""))
        if "Action=" not in body:
            # No call of STS: the request that a CLI or the SDK for C++ signs with what its chain gave.
            self.note("s3", key=signed.group(1) if signed else "", host=host)
            handler.answer((200, "application/xml", LISTING))
            return
        what, answer = answers.sts(body, self.modes)
        self.note("sts", host=host, key=signed.group(1) if signed else "", **what)
        handler.answer(answer)

    def imds(self, handler, body):
        token = handler.headers.get("X-aws-ec2-metadata-token", "")
        self.note("imds", method=handler.command, path=handler.path)
        handler.answer(answers.imds(handler.command, handler.path, token, self.modes.take("imds")))

    def agent(self, handler, body):
        authorization = handler.headers.get("Authorization", "")
        self.note("agent", path=handler.path, authorization=authorization[:12])
        handler.answer(answers.agent(authorization, self.token, self.modes))

    def ecs(self, handler, body):
        self.note("ecs", path=handler.path)
        handler.answer(answers.container("ASIAECS0000000000000"))

    def foreign(self, handler, body):
        self.note("foreign", path=handler.path, authorization=handler.headers.get("Authorization", "")[:12])
        handler.answer(answers.container("ASIAFOREIGN000000000"))

    def all(self, handler, body):
        """FAKE: STS, IMDS and the agent behind one URL, told apart by the path."""
        if handler.path.startswith("/latest/"):
            self.imds(handler, body)
        elif handler.path.startswith("/v1/credentials"):
            self.agent(handler, body)
        else:
            self.call_sts(handler, body, "URL")

    def proxy(self, handler, body):
        host = re.sub(r"^\w+://\[?([^]/:]*(:[0-9a-f:]*(?=\]))?).*", r"\1", handler.path)
        self.note("proxy", host=host)
        if self.modes.take("proxy") == "407":
            handler.answer((407, "text/plain", "proxy authentication required"))
        elif host.startswith(LINK_LOCAL) or "ec2:" in host:
            handler.answer((502, "text/plain", "link-local"))
        else:
            handler.answer((502, "text/plain", "no such host"))

    def open(self, absent=()):
        """Starts every server whose address is there."""
        plain = [("169.254.169.254", 80, self.imds), ("fd00:ec2::254", 80, self.imds)]
        plain += [("169.254.170.23", 80, self.agent), ("fd00:ec2::23", 80, self.agent)]
        plain += [("169.254.170.2", 80, self.ecs), ("10.1.2.3", 80, self.foreign), (STS, 80, self.sts)]
        plain += [("127.0.0.1", 5981, self.all), ("127.0.0.2", 5981, self.all), ("::1", 5981, self.all)]
        for address, port, respond in plain:
            if address not in absent:
                Server(self, address, port, respond)
        Server(self, STS, 443, self.sts, tls=True)
        Server(self, "10.1.2.3", 443, self.foreign, tls=True)
        Server(self, "127.0.0.1", 443, self.all, tls=True)
        Proxy(self, "127.0.0.1", 3128, self.proxy)
        threading.Thread(target=self.resolve, daemon=True).start()

    def resolve(self):
        """DNS: each name is 127.0.0.2 where STS stands, or as the mode says."""
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 53))
        mode = self.modes.modes.get("dns", "")
        while True:
            query, client = server.recvfrom(4096)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
                at += 1 + query[at]
            name, kind = ".".join(labels), int.from_bytes(query[at + 1 : at + 3], "big")
            question = query[12 : at + 5]
            self.note("dns", host=name)
            # The mode is about STS: a CLI's own request goes to S3.
            named = name.lower().startswith("sts")
            missing = mode == "nx" and named
            address = "127.0.0.1" if "example.com" in name else REFUSED if mode == "refused" and named else STS
            found = kind == 1 and not missing
            # An answer's name points to the question's, type A, class IN, a minute, four bytes (RFC 1035, section 4.1.3).
            record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04" + socket.inet_aton(address) if found else b""
            header = query[:2] + (0x8183 if missing else 0x8180).to_bytes(2, "big") + b"\0\1" + (b"\0\1" if found else b"\0\0") + b"\0" * 4
            server.sendto(header + question + record, client)
