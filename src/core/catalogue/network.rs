//! Step `network`: the way to the STS endpoint.

use super::weight::{PERMANENT, TRANSIENT};
use super::{Class, Code, CodeRow, Severity, Step};

const fn row(code: Code, weight: (Severity, Class), title: &'static str, cause: &'static str, remedy: &'static str) -> CodeRow {
    CodeRow::new(Step::Network, code, weight, title, cause, remedy)
}

pub(super) const ROWS: &[CodeRow] = &[
    row(Code::DnsNotFound, TRANSIENT, "the STS host name does not exist",
        "The resolver answered that there is no such name: a misspelt region, a FIPS or dual-stack name that does not exist, the wrong partition's suffix, or a private zone that shadows amazonaws.com.",
        "Check AWS_REGION={region}, and look the name {host} up from a pod of this namespace.")
        .run(&["kubectl -n {namespace} run dns-test --rm -i --restart=Never --image=public.ecr.aws/docker/library/busybox:stable -- nslookup {host}"]),
    row(Code::DnsFailed, TRANSIENT, "the STS host name could not be looked up",
        "The resolver gave no answer: a network policy without egress to kube-dns (UDP and TCP 53), CoreDNS down or overloaded, or a pod that starts before its network.",
        "Allow egress to kube-dns on port 53 and check that CoreDNS is healthy.")
        .run(&["kubectl -n kube-system get pods -l k8s-app=kube-dns", "kubectl -n {namespace} get networkpolicy"]),
    row(Code::ConnectRefused, TRANSIENT, "the connection to STS is refused",
        "Something at that address answers and refuses: an endpoint override that points at a closed port, a service mesh proxy that is not up yet, or a firewall that rejects.",
        "Check endpoint overrides and proxies; with a service mesh, start the probe after its proxy, or exempt {host}:443."),
    row(Code::ConnectTimeout, TRANSIENT, "no connection to STS within the deadline",
        "Packets are dropped. With a public address: no NAT gateway and no VPC endpoint, or a network policy. With a private one: the STS VPC endpoint's security group does not admit this pod or node on port 443.",
        "Allow egress to {host}:443; for a private address, admit the pod's or node's security group on the VPC endpoint.")
        .run(&["aws ec2 describe-vpc-endpoints --region {region} --filters Name=service-name,Values=com.amazonaws.{region}.sts", "kubectl -n {namespace} get networkpolicy"]),
    row(Code::NetworkUnreachable, TRANSIENT, "there is no route to STS",
        "The kernel has no route to the address, or a packet filter rejects it: an IPv6 address in an IPv4-only pod, a missing default route, a network policy that rejects.",
        "Check the subnet's route table (NAT gateway or VPC endpoint) and the network policies of {namespace}.")
        .run(&["kubectl -n {namespace} get networkpolicy"]),
    row(Code::TlsUntrusted, PERMANENT, "the certificate presented for STS is not trusted",
        "The chain does not lead to a trusted root. An intercepting proxy signs with its own authority, or the configured bundle (AWS_CA_BUNDLE, SSL_CERT_FILE) is unreadable or lacks Amazon's roots.",
        "Exempt {host} from interception, or put the proxy's authority together with the public roots into the bundle that AWS_CA_BUNDLE names."),
    row(Code::TlsNameMismatch, PERMANENT, "the certificate presented for STS is for another name",
        "Something else answers at this address: a wrong DNS entry, a VPC endpoint of another service or region, or a proxy.",
        "Check what {host} resolves to, and any endpoint override."),
    row(Code::TlsFailed, TRANSIENT, "the TLS handshake with STS failed",
        "It was cut or could not be agreed: a firewall that filters by server name resets it, the clock is so wrong that certificates seem expired, or what answers does not speak TLS.",
        "Allow TLS to {host} in the egress firewall (by server name), check this node's clock, and see what answers there: an endpoint override or a portal may not speak TLS."),
    row(Code::ProxyFailed, TRANSIENT, "the proxy did not open a tunnel to STS",
        "HTTPS_PROXY is set, and the proxy cannot be reached, or refuses: it wants credentials, or does not allow this host.",
        "Correct HTTPS_PROXY, allow {host}:443 at the proxy, or add the STS host to NO_PROXY when there is a direct way."),
    row(Code::RequestTimeout, TRANSIENT, "STS did not answer in time",
        "The connection stands but no complete answer came: a path MTU problem, an overloaded proxy, or AWS's side.",
        "Try again; if it stays, look for a proxy or an MTU mismatch between the pod network and {host}."),
    row(Code::ConnectionLost, TRANSIENT, "the connection to STS was cut before the answer",
        "It was closed or reset after it had been established: a firewall or proxy that inspects, or a restart on the other side.",
        "Try again; if it stays, look at what inspects traffic between the pod and {host}."),
    row(Code::NotSts, TRANSIENT, "what answers is not STS",
        "The answer is not STS's: a proxy's or captive portal's page, an empty body, or an endpoint override that points at another service.",
        "Check endpoint overrides and what answers at {host}: a proxy or firewall has to let STS through unchanged."),
    row(Code::StsUnavailable, TRANSIENT, "STS has an internal failure",
        "STS answered that it cannot serve the request at the moment.",
        "Wait; see the AWS Health Dashboard for STS in {region}. Credentials already obtained go on working."),
];
