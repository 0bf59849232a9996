"""A CA made on the spot, and a certificate of it for any host name that a client asks for."""

import hashlib
import os
import pathlib
import re
import ssl
import subprocess
import threading

LOCK = threading.Lock()


def openssl(*arguments, **options):
    subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def authority(cache):
    """The CA's certificate and key, and a key that all certificates share."""
    cache.mkdir(parents=True, exist_ok=True)
    ca = cache / "ca.pem"
    if not ca.exists():
        for name in ("ca.key", "leaf.key"):
            openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", cache / name)
        extensions = ["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-addext", "basicConstraints=critical,CA:TRUE"]
        part = cache / "ca.part"
        openssl("req", "-x509", "-new", "-key", cache / "ca.key", "-subj", "/CN=lab", "-days", "3650", "-out", part, *extensions)
        part.rename(ca)
    return ca


def hashed(cache):
    """The name by which OpenSSL looks for the CA in a folder of certificates."""
    kept = cache / "ca.hash"
    if not kept.exists():
        command = ["openssl", "x509", "-noout", "-subject_hash", "-in", cache / "ca.pem"]
        name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        (part := cache / f"ca.hash.{os.getpid()}").write_text(f"{name}.0")
        part.rename(kept)
    return kept.read_text()


def issue(cache, name):
    """A file with the certificate for one host name. The empty name is for clients that call an address."""
    target = cache / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.pem"
    if target.exists():
        return target
    names = f"DNS:{name}" if name else "IP:127.0.0.1,IP:127.0.0.2,IP:10.1.2.3,IP:0:0:0:0:0:0:0:1,DNS:localhost"
    part = pathlib.Path(f"{target}.{os.getpid()}")
    extensions = f"subjectAltName={names}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n"
    (request := pathlib.Path(f"{part}.csr")).unlink(missing_ok=True)
    openssl("req", "-new", "-key", cache / "leaf.key", "-subj", "/CN=lab leaf", "-out", request)
    settings = pathlib.Path(f"{part}.ext")
    settings.write_text(extensions)
    sign = ["-CA", cache / "ca.pem", "-CAkey", cache / "ca.key", "-set_serial", str(int(hashlib.sha256(name.encode()).hexdigest()[:15], 16))]
    openssl("x509", "-req", "-in", request, *sign, "-days", "3650", "-extfile", settings, "-out", part)
    part.rename(target)
    request.unlink()
    settings.unlink()
    return target


def context(cache):
    def choose(connection, name, _):
        # Some clients send an address as a name, against RFC 6066. The certificate for addresses stays then.
        if name and not re.fullmatch(r"[\d.]+|.*:.*", name):
            connection.context = plain(cache, name)

    chosen = plain(cache, "")
    chosen.sni_callback = choose
    return chosen


def plain(cache, name):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with LOCK:
        made.load_cert_chain(issue(cache, name), cache / "leaf.key")
    made.set_alpn_protocols(["http/1.1"])
    return made
