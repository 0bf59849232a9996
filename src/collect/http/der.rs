//! Just enough DER to say who issued a certificate: a bounds-checked walk, no parser (X.690; RFC 5280 section 4.1).

/// The names in a certificate, as their DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CertificateNames<'a> {
    issuer: &'a [u8],
    subject: &'a [u8],
}

impl CertificateNames<'_> {
    /// Subject and issuer are the same name.
    pub(super) fn is_self_signed(&self) -> bool {
        self.issuer == self.subject
    }

    /// The issuer as `O=Example, CN=Example Root`; attributes other than C, O, OU and CN are left out.
    pub(super) fn issuer(&self) -> String {
        let text = distinguished_name(self.issuer);
        if text.is_empty() { "an issuer without a name".to_owned() } else { text }
    }
}

/// Finds the names in a certificate; `None` when it is no X.509 certificate.
pub(super) fn parse_names(certificate: &[u8]) -> Option<CertificateNames<'_>> {
    let (SEQUENCE, certificate) = DerElements(certificate).next()? else {
        return None;
    };
    let (SEQUENCE, to_be_signed) = DerElements(certificate).next()? else {
        return None;
    };
    let mut fields = DerElements(to_be_signed);
    let (first, _) = fields.next()?;
    if first == VERSION {
        fields.next()?; // The serial number; without a version it was the first field.
    }
    fields.next()?; // The signature algorithm.
    let (SEQUENCE, issuer) = fields.next()? else {
        return None;
    };
    fields.next()?; // The validity.
    let (SEQUENCE, subject) = fields.next()? else {
        return None;
    };
    Some(CertificateNames { issuer, subject })
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const BMP_STRING: u8 = 0x1e;

fn distinguished_name(name: &[u8]) -> String {
    let mut parts = Vec::new();
    for (_, set) in DerElements(name) {
        for (_, attribute) in DerElements(set) {
            let mut pair = DerElements(attribute);
            let (Some((_, oid)), Some((tag, value))) = (pair.next(), pair.next()) else {
                continue;
            };
            // RFC 5280 appendix A.1: id-at is 2.5.4.
            let label = match oid {
                [0x55, 0x04, 3] => "CN",
                [0x55, 0x04, 6] => "C",
                [0x55, 0x04, 10] => "O",
                [0x55, 0x04, 11] => "OU",
                _ => continue,
            };
            let value = if tag == BMP_STRING {
                let units = value.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
                char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            } else {
                String::from_utf8_lossy(value).into_owned()
            };
            // The text is foreign. A long name must not fill the report.
            parts.push(format!("{label}={}", value.chars().take(100).collect::<String>()));
        }
    }
    parts.truncate(8);
    parts.join(", ")
}

/// Walks over tag-length-value elements; ends at the first that does not fit its parent.
struct DerElements<'a>(&'a [u8]);

impl<'a> Iterator for DerElements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[tag, length], mut rest) = self.0.split_first_chunk()?;
        let length = match length {
            0..=0x7f => usize::from(length),
            0x81..=0x84 => {
                let (digits, after) = rest.split_at_checked(usize::from(length & 0x7f))?;
                rest = after;
                digits.iter().fold(0, |sum, &digit| sum << 8 | usize::from(digit))
            }
            _ => return None,
        };
        let (content, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some((tag, content))
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, DnValue, KeyPair};

    use super::*;

    fn certificate() -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::OrganizationName, "Example");
        params.distinguished_name.push(DnType::CommonName, DnValue::BmpString("Wurzel ü".try_into().unwrap()));
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn issuer_and_self_signed() {
        let der = certificate();
        let names = parse_names(&der).unwrap();
        assert!(names.is_self_signed());
        let issuer = names.issuer();
        assert!(issuer.contains("O=Example") && issuer.contains("CN=Wurzel ü"), "{issuer}");
    }

    #[test]
    fn every_prefix_and_every_flipped_byte() {
        let der = certificate();
        let whole = parse_names(&der);
        for end in 0..der.len() {
            assert_eq!(parse_names(&der[..end]), None, "{end}");
        }
        for at in 0..der.len() {
            for value in [0, 0x7f, 0x80, 0x81, 0x84, 0xff] {
                let mut broken = der.clone();
                broken[at] = value;
                if let Some(names) = parse_names(&broken) {
                    let _ = (names.issuer(), names.is_self_signed());
                }
            }
        }
        assert!(whole.is_some());
    }

    #[test]
    fn a_name_of_any_length_is_capped() {
        let attribute = |n: usize| {
            let mut value = vec![0x0c, 0x82, (n >> 8) as u8, n as u8];
            value.resize(n + 4, b'x');
            let mut pair = vec![0x06, 3, 0x55, 4, 3];
            pair.extend(value);
            let mut out = vec![0x30, 0x82, (pair.len() >> 8) as u8, pair.len() as u8];
            out.extend(pair);
            out
        };
        let mut set = vec![0x31, 0x82];
        let inner = attribute(5000);
        set.extend([(inner.len() >> 8) as u8, inner.len() as u8]);
        set.extend(inner);
        assert_eq!(distinguished_name(&set).len(), "CN=".len() + 100);
        assert_eq!(CertificateNames { issuer: b"", subject: b"x" }.issuer(), "an issuer without a name");
    }
}
