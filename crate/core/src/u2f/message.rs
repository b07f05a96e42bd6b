//! The messages of a key (FIDO U2F Raw Message Formats, 4.3 and 5.4).

/// A key's answer to a registration.
#[derive(Debug, PartialEq, Eq)]
pub struct RegistrationMessage<'a> {
    /// An uncompressed P-256 point.
    pub public_key: &'a [u8; 65],
    pub key_handle: &'a [u8],
    /// X.509, in DER.
    pub certificate: &'a [u8],
    /// ECDSA, in DER.
    pub signature: &'a [u8],
}

/// A key's answer to an authentication.
#[derive(Debug, PartialEq, Eq)]
pub struct AuthenticationMessage<'a> {
    user_presence: u8,
    counter: &'a [u8; 4],
    /// ECDSA, in DER.
    pub signature: &'a [u8],
}

impl<'a> RegistrationMessage<'a> {
    /// `0x05 | public key | length | key handle | certificate | signature`, where no part is empty. Only the
    /// certificate's own header shows where it ends. The signature is the rest.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[5])?;
        let (public_key, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first()?;
        let (key_handle, rest) = rest.split_at_checked(usize::from(*length))?;
        let (certificate, signature) = split_sequence(rest)?;
        let whole = !key_handle.is_empty() && !signature.is_empty();
        whole.then_some(Self {
            public_key,
            key_handle,
            certificate,
            signature,
        })
    }

    /// `0x00 | application parameter | challenge parameter | key handle | public key`
    pub fn signed_bytes(&self, app_id_hash: &[u8; 32], client_data_hash: &[u8; 32]) -> Vec<u8> {
        [
            &[0],
            &app_id_hash[..],
            client_data_hash,
            self.key_handle,
            self.public_key,
        ]
        .concat()
    }
}

impl<'a> AuthenticationMessage<'a> {
    /// `user presence | counter | signature`
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (user_presence, rest) = bytes.split_first()?;
        let (counter, signature) = rest.split_first_chunk()?;
        (!signature.is_empty()).then_some(Self {
            user_presence: *user_presence,
            counter,
            signature,
        })
    }

    /// Bit 0. The others are reserved and have no meaning yet.
    pub fn user_present(&self) -> bool {
        self.user_presence & 1 == 1
    }

    pub fn counter(&self) -> u32 {
        u32::from_be_bytes(*self.counter)
    }

    /// `application parameter | user presence | counter | challenge parameter`
    pub fn signed_bytes(&self, app_id_hash: &[u8; 32], client_data_hash: &[u8; 32]) -> Vec<u8> {
        [app_id_hash, &[self.user_presence][..], self.counter, client_data_hash].concat()
    }
}

/// A DER SEQUENCE, and the bytes after it. It may have up to 64 KiB, which is more than any attestation certificate.
fn split_sequence(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, length) = match bytes {
        [0x30, length @ 0..=0x7f, ..] => (2, usize::from(*length)),
        [0x30, 0x81, length @ 0x80..=0xff, ..] => (3, usize::from(*length)),
        [0x30, 0x82, high @ 1..=0xff, low, ..] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
        _ => return None,
    };
    bytes.split_at_checked(header + length)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn registration(key_handle: &[u8], rest: &[u8]) -> Vec<u8> {
        let length = u8::try_from(key_handle.len()).unwrap();
        [&[5], &[4; 65][..], &[length], key_handle, rest].concat()
    }

    #[test]
    fn parts_of_a_registration() {
        let bytes = registration(&[7; 255], &[0x30, 2, 1, 2, 9, 9, 9]);
        let message = RegistrationMessage::parse(&bytes).unwrap();
        assert_eq!(message.public_key, &[4; 65]);
        assert_eq!(message.key_handle, [7; 255]);
        assert_eq!(message.certificate, [0x30, 2, 1, 2]);
        assert_eq!(message.signature, [9, 9, 9]);
        let signed = message.signed_bytes(&[1; 32], &[2; 32]);
        assert_eq!(signed.len(), 1 + 32 + 32 + 255 + 65);
        assert_eq!(
            (signed[0], signed[1], signed[33], signed[65], signed[320]),
            (0, 1, 2, 7, 4)
        );
        for length in 0..=bytes.len() - 3 {
            assert_eq!(RegistrationMessage::parse(&bytes[..length]), None, "{length}");
        }
        let mut reserved = bytes.clone();
        reserved[0] = 4;
        assert_eq!(RegistrationMessage::parse(&reserved), None);
        assert_eq!(RegistrationMessage::parse(&registration(&[], &[0x30, 0, 9])), None);
    }

    #[test]
    fn a_certificate_ends_where_its_header_says() {
        let split = |header: &[u8], length: usize| {
            let bytes = [header, &vec![0; length], &[9]].concat();
            split_sequence(&bytes).map(|(sequence, rest)| (sequence.len() - header.len(), rest.to_vec()))
        };
        assert_eq!(split(&[0x30, 0], 0), Some((0, vec![9])));
        assert_eq!(split(&[0x30, 0x7f], 0x7f), Some((0x7f, vec![9])));
        assert_eq!(split(&[0x30, 0x81, 0x80], 0x80), Some((0x80, vec![9])));
        assert_eq!(split(&[0x30, 0x82, 1, 0], 0x100), Some((0x100, vec![9])));
        assert_eq!(split(&[0x30, 0x82, 0xff, 0xff], 0xffff), Some((0xffff, vec![9])));
        for (header, length) in [
            (&[0x31, 0][..], 0),
            (&[0x30, 2], 0),
            (&[0x30, 0x80], 4),
            (&[0x30, 0x81, 0x7f], 0x7f),
            (&[0x30, 0x82, 0, 0xff], 0xff),
            (&[0x30, 0x83, 0, 1, 0], 0x100),
            (&[0x30], 0),
        ] {
            assert_eq!(split(header, length), None, "{header:?}");
        }
    }

    #[test]
    fn parts_of_an_authentication() {
        let bytes = [3, 0, 0, 1, 2, 9, 9];
        let message = AuthenticationMessage::parse(&bytes).unwrap();
        assert!(message.user_present());
        assert_eq!((message.counter(), message.signature), (258, &[9, 9][..]));
        let signed = message.signed_bytes(&[1; 32], &[2; 32]);
        assert_eq!(signed, [&[1; 32][..], &[3, 0, 0, 1, 2], &[2; 32]].concat());
        assert!(
            !AuthenticationMessage::parse(&[0xfe, 0, 0, 0, 1, 9])
                .unwrap()
                .user_present()
        );
        for length in 0..=5 {
            assert_eq!(AuthenticationMessage::parse(&bytes[..length]), None);
        }
    }
}
