//! Public keys in DER: SubjectPublicKeyInfo (RFC 5280 §4.1) of RSA and Ed25519, and RSAPublicKey (RFC 8017 §A.1.1).
//! Every key has one form alone; what differs from it is no key.

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
/// rsaEncryption with its NULL, RFC 3279 §2.3.1.
const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// id-Ed25519, RFC 8410 §3.
const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];

/// A key as it is written; whether its numbers make a key is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicKey<'a> {
    Rsa(Rsa<'a>),
    Ed25519(&'a [u8]),
}

/// Big-endian numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rsa<'a> {
    pub n: &'a [u8],
    pub e: &'a [u8],
}

/// Returns the key of a `PUBLIC KEY` block, if it is of one of the two kinds.
pub fn public_key(der: &[u8]) -> Option<PublicKey<'_>> {
    let mut fields = Reader::of_sequence(der)?;
    let algorithm = fields.value(SEQUENCE)?;
    // A key has whole bytes: no bits are left over.
    let [0, key @ ..] = fields.value(BIT_STRING)? else { return None };
    fields.end()?;
    match algorithm {
        RSA => rsa_public_key(key).map(PublicKey::Rsa),
        ED25519 => Some(PublicKey::Ed25519(key)),
        _ => None,
    }
}

/// Returns the key of an `RSA PUBLIC KEY` block.
pub fn rsa_public_key(der: &[u8]) -> Option<Rsa<'_>> {
    let mut fields = Reader::of_sequence(der)?;
    let key = Rsa { n: fields.unsigned()?, e: fields.unsigned()? };
    fields.end()?;
    Some(key)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads what is in a sequence, after which nothing comes.
    fn of_sequence(der: &'a [u8]) -> Option<Self> {
        let mut whole = Self(der);
        let fields = Self(whole.value(SEQUENCE)?);
        whole.end()?;
        Some(fields)
    }

    fn value(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_first()?;
        // The shortest form of a length is the only one, and no key that is good for anything has 64 KiB.
        let (length, rest) = match rest {
            [length @ 0..=0x7f, rest @ ..] | [0x81, length @ 0x80..=0xff, rest @ ..] => (usize::from(*length), rest),
            [0x82, high @ 1..=0xff, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (*found == tag).then_some(value)
    }

    fn unsigned(&mut self) -> Option<&'a [u8]> {
        match self.value(INTEGER)? {
            // None, a negative one, and a zero before it that says nothing.
            [] | [0x80..=0xff, ..] | [0, 0..=0x7f, ..] => None,
            [0, number @ ..] if !number.is_empty() => Some(number),
            number => Some(number),
        }
    }

    fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(tag: u8, value: &[u8]) -> Vec<u8> {
        let length = value.len().to_be_bytes();
        let head = match value.len() {
            0..=0x7f => vec![tag, length[7]],
            0x80..=0xff => vec![tag, 0x81, length[7]],
            _ => vec![tag, 0x82, length[6], length[7]],
        };
        [head.as_slice(), value].concat()
    }

    fn sequence(values: &[Vec<u8>]) -> Vec<u8> {
        tagged(SEQUENCE, &values.concat())
    }

    fn info(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
        sequence(&[tagged(SEQUENCE, algorithm), tagged(BIT_STRING, &[&[0], key].concat())])
    }

    #[test]
    fn keys_of_both_kinds_are_read() {
        let point = hex::decode("19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1").unwrap();
        // RFC 8410 §10.1.
        let ed = [hex::decode("302a300506032b6570032100").unwrap(), point.clone()].concat();
        assert_eq!(public_key(&ed), Some(PublicKey::Ed25519(&point)));
        for bytes in [1, 100, 127, 128, 200, 256, 512, 65_000] {
            let n = [0xab].repeat(bytes);
            let key = Rsa { n: &n, e: &[1, 0, 1] };
            let der = sequence(&[tagged(INTEGER, &[&[0], n.as_slice()].concat()), tagged(INTEGER, &[1, 0, 1])]);
            assert_eq!(rsa_public_key(&der), Some(key));
            assert_eq!(public_key(&info(RSA, &der)), Some(PublicKey::Rsa(key)));
            // A kind is not taken for another, nor a whole for its part.
            assert!(public_key(&der).is_none() && rsa_public_key(&info(RSA, &der)).is_none());
        }
        assert!(rsa_public_key(&ed).is_none());
    }

    #[test]
    fn what_differs_from_the_one_form_is_refused() {
        let (n, e) = (tagged(INTEGER, &[0x7b; 256]), tagged(INTEGER, &[1, 0, 1]));
        let rsa = sequence(&[n.clone(), e.clone()]);
        let ed = info(ED25519, &[9; 32]);
        assert!(public_key(&info(RSA, &rsa)).is_some() && public_key(&ed).is_some() && rsa_public_key(&rsa).is_some());
        for der in [info(RSA, &rsa), ed.clone()] {
            assert!((0..der.len()).all(|length| public_key(&der[..length]).is_none()));
            assert!(public_key(&[der.as_slice(), &[0]].concat()).is_none());
        }
        assert!((0..rsa.len()).all(|length| rsa_public_key(&rsa[..length]).is_none()));
        let bits = |bits: &[u8]| sequence(&[tagged(SEQUENCE, ED25519), tagged(BIT_STRING, bits)]);
        let with = |value: &[u8]| sequence(&[tagged(INTEGER, value), e.clone()]);
        for der in [
            // Parameters that are missing, others, and some where there are none; further kinds.
            info(&RSA[..11], &rsa),
            info(&[&RSA[..11], &[4, 0]].concat(), &rsa),
            info(&[ED25519, &[5, 0]].concat(), &[9; 32]),
            info(&[0x06, 0x03, 0x2b, 0x65, 0x71], &[9; 57]),
            info(RSA, &[9; 32]),
            // Bits left over, no bytes, no count of the bits; something after the key, another order.
            bits(&[1, 9]),
            bits(&[]),
            sequence(&[tagged(SEQUENCE, ED25519), tagged(BIT_STRING, &[0, 9]), vec![5, 0]]),
            sequence(&[tagged(BIT_STRING, &[0, 9]), tagged(SEQUENCE, ED25519)]),
            info(RSA, &[rsa.as_slice(), &[0]].concat()),
            // A length in more bytes than it needs, and one without end.
            [&[0x30, 0x81, 0x2a], &ed[2..]].concat(),
            [&[0x30, 0x82, 0, 0x2a], &ed[2..]].concat(),
            [&[0x30, 0x80], &ed[2..], &[0, 0]].concat(),
            vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(public_key(&der).is_none(), "{der:x?}");
        }
        for der in [
            with(&[]),
            with(&[0x80; 256]),
            with(&[&[0], [0x7b; 256].as_slice()].concat()),
            with(&[0, 0, 0xab]),
            sequence(std::slice::from_ref(&n)),
            sequence(&[n, e.clone(), e]),
        ] {
            assert!(rsa_public_key(&der).is_none(), "{der:x?}");
        }
    }
}
