//! Authenticator data (6.1): what the authenticator says and signs.

use super::cbor::{self, Value};
use super::client_data::sha256;
use super::cose::{Algorithm, CoseKey, KeyMaterial};
use super::firefox_117;
use super::policy::UserVerification;
use super::reason::Reason;

/// 6.5.1: the longest credential id there may be.
const MAX_CREDENTIAL_ID: usize = 1023;
/// The longest public key that is stored, in bytes. An ML-DSA-87 key takes 2,600, and unknown members may stand beside
/// it.
const MAX_PUBLIC_KEY: usize = 4096;

/// The structure of 6.1, of which every byte was read.
pub struct AuthenticatorData<'a> {
    pub rp_id_hash: &'a [u8; 32],
    pub flags: Flags,
    pub sign_count: u32,
    pub attested: Option<AttestedCredential<'a>>,
    /// A map of extension outputs (9.5), well-formed.
    pub extensions: Option<&'a [u8]>,
}

/// 6.5.1: the credential that a registration makes.
pub struct AttestedCredential<'a> {
    pub aaguid: [u8; 16],
    pub credential_id: &'a [u8],
    pub public_key: PublicKey<'a>,
}

/// The key of a new credential.
#[derive(Debug, PartialEq)]
pub enum PublicKey<'a> {
    /// A COSE key, parsed and as its authenticator wrote it.
    Cose(Value<'a>, &'a [u8]),
    /// An Ed25519 key as one browser wrote it.
    Firefox117([u8; 32]),
}

/// The byte of flags. Reserved bits are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    pub fn user_present(self) -> bool {
        self.0 & 0x01 != 0
    }

    pub fn user_verified(self) -> bool {
        self.0 & 0x04 != 0
    }

    pub fn backup_eligible(self) -> bool {
        self.0 & 0x08 != 0
    }

    pub fn backup_state(self) -> bool {
        self.0 & 0x10 != 0
    }

    fn attested(self) -> bool {
        self.0 & 0x40 != 0
    }

    fn extensions(self) -> bool {
        self.0 & 0x80 != 0
    }
}

impl<'a> AuthenticatorData<'a> {
    /// Refuses parts that the flags do not announce, missing parts, and bytes after the last part.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Reason> {
        Self::read(bytes).ok_or(Reason::Malformed)
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>()?;
        let (flags, rest) = rest.split_first()?;
        let (sign_count, mut rest) = rest.split_first_chunk::<4>()?;
        let flags = Flags(*flags);
        let mut attested = None;
        if flags.attested() {
            let (credential, after) = AttestedCredential::read(rest)?;
            (attested, rest) = (Some(credential), after);
        }
        let mut extensions = None;
        if flags.extensions() {
            let (outputs, after) = cbor::parse_prefix(rest).ok()?;
            outputs.map()?;
            (extensions, rest) = (Some(rest), after);
        }
        rest.is_empty().then_some(Self {
            rp_id_hash,
            flags,
            sign_count: u32::from_be_bytes(*sign_count),
            attested,
            extensions,
        })
    }

    /// "Verify that the `rpIdHash` is the SHA-256 hash of the RP ID expected", or that of an `appid` if one is
    /// accepted.
    pub fn check_rp_id(&self, rp_id: &str, app_id_hash: Option<&[u8; 32]>) -> Result<(), Reason> {
        if *self.rp_id_hash == sha256(rp_id.as_bytes()) || Some(self.rp_id_hash) == app_id_hash {
            Ok(())
        } else {
            Err(Reason::RpIdMismatch)
        }
    }

    /// The checks of the flags that both ceremonies make, in the order of 7.1 and 7.2.
    pub fn check_flags(&self, presence_optional: bool, user_verification: UserVerification) -> Result<(), Reason> {
        // Verify that the UP bit of the flags in authData is set.
        if !self.flags.user_present() && !presence_optional {
            return Err(Reason::UserNotPresent);
        }
        // If user verification was required, verify that the UV bit of the flags in authData is set.
        if !self.flags.user_verified() && user_verification == UserVerification::Required {
            return Err(Reason::UserNotVerified);
        }
        // If the BE bit of the flags in authData is not set, verify that the BS bit is not set.
        if self.flags.backup_state() && !self.flags.backup_eligible() {
            return Err(Reason::BackupFlagsInvalid);
        }
        Ok(())
    }
}

impl<'a> AttestedCredential<'a> {
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (aaguid, rest) = bytes.split_first_chunk::<16>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (credential_id, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        if credential_id.is_empty() || credential_id.len() > MAX_CREDENTIAL_ID {
            return None;
        }
        let (public_key, after) = PublicKey::read(rest)?;
        Some((
            Self {
                aaguid: *aaguid,
                credential_id,
                public_key,
            },
            after,
        ))
    }
}

impl<'a> PublicKey<'a> {
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        if let Some((key, after)) = firefox_117::read_prefix(bytes) {
            return Some((Self::Firefox117(key), after));
        }
        let (key, after) = cbor::parse_prefix(bytes).ok()?;
        let written = bytes.get(..bytes.len() - after.len())?;
        (written.len() <= MAX_PUBLIC_KEY).then_some((Self::Cose(key, written), after))
    }

    /// Reads the key, with all checks of [`CoseKey::new`].
    pub fn parse(&self) -> Result<CoseKey, Reason> {
        match self {
            Self::Cose(value, _) => CoseKey::from_cbor(value),
            Self::Firefox117(key) => CoseKey::new(Algorithm::EdDsa, KeyMaterial::Okp { x: key.to_vec() }),
        }
    }

    /// The COSE key to store. `key` is the result of [`parse`](Self::parse).
    pub fn to_cose(&self, key: &CoseKey) -> Vec<u8> {
        match self {
            Self::Cose(_, written) => written.to_vec(),
            Self::Firefox117(_) => key.to_cbor(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn data(flags: u8, rest: &[u8]) -> Vec<u8> {
        [&sha256(b"example.org")[..], &[flags, 0, 0, 1, 0], rest].concat()
    }

    fn attested(id: usize) -> Vec<u8> {
        let length = u16::try_from(id).unwrap().to_be_bytes();
        [&[7; 16][..], &length, &vec![9; id], &[0xa1, 0x01, 0x02]].concat()
    }

    #[test]
    fn parts_are_those_that_the_flags_announce() {
        let parsed = |flags, rest: &[u8]| AuthenticatorData::parse(&data(flags, rest)).is_ok();
        assert!(parsed(0x01, &[]));
        assert!(parsed(0x22, &[]), "reserved bits");
        assert!(!parsed(0x01, &[0]));
        assert!(!parsed(0x41, &[]));
        assert!(parsed(0x41, &attested(16)));
        assert!(!parsed(0x01, &attested(16)));
        assert!(!parsed(0x41, &[&attested(16)[..], &[0]].concat()));
        assert!(!parsed(0x81, &[]), "ED without extension data");
        assert!(parsed(0x81, &[0xa0]));
        assert!(!parsed(0x81, &[0x80]), "extensions that are no map");
        assert!(!parsed(0x81, &[0xa0, 0xa0]));
        assert!(parsed(0xc1, &[&attested(16)[..], &[0xa1, 0x61, b'x', 0xf5]].concat()));
        for length in 0..37 {
            assert!(AuthenticatorData::parse(&data(1, &[])[..length]).is_err());
        }
    }

    #[test]
    fn credential_ids_have_bounds() {
        for (length, accepted) in [(0, false), (1, true), (1023, true), (1024, false), (65535, false)] {
            assert_eq!(
                AuthenticatorData::parse(&data(0x41, &attested(length))).is_ok(),
                accepted,
                "{length}"
            );
        }
        let bytes = data(0x41, &attested(20));
        let credential = AuthenticatorData::parse(&bytes).unwrap().attested.unwrap();
        assert_eq!(credential.credential_id, [9; 20]);
        assert_eq!(credential.aaguid, [7; 16]);
        let written = [0xa1, 0x01, 0x02];
        assert_eq!(
            credential.public_key,
            PublicKey::Cose(cbor::parse(&written).unwrap(), &written)
        );
    }

    #[test]
    fn public_keys_have_a_bound() {
        for (length, accepted) in [(MAX_PUBLIC_KEY, true), (MAX_PUBLIC_KEY + 1, false)] {
            // A map of one integer and so many bytes.
            let padding = u16::try_from(length - 5).unwrap();
            let key = [&[0xa1, 0x01, 0x59][..], &padding.to_be_bytes(), &vec![0; length - 5]].concat();
            let rest = [&[7; 16][..], &[0, 1, 9], &key].concat();
            assert_eq!(
                AuthenticatorData::parse(&data(0x41, &rest)).is_ok(),
                accepted,
                "{length}"
            );
        }
    }

    #[test]
    fn flags_are_checked_in_order() {
        let check = |flags, optional, wish| {
            let bytes = data(flags, &[]);
            AuthenticatorData::parse(&bytes).unwrap().check_flags(optional, wish)
        };
        let (required, discouraged) = (UserVerification::Required, UserVerification::Discouraged);
        assert_eq!(check(0x01, false, discouraged), Ok(()));
        assert_eq!(check(0x00, false, discouraged), Err(Reason::UserNotPresent));
        assert_eq!(check(0x00, true, discouraged), Ok(()));
        assert_eq!(check(0x01, false, required), Err(Reason::UserNotVerified));
        assert_eq!(check(0x01, false, UserVerification::Preferred), Ok(()));
        assert_eq!(check(0x05, false, required), Ok(()));
        assert_eq!(check(0x11, false, discouraged), Err(Reason::BackupFlagsInvalid));
        assert_eq!(check(0x19, false, discouraged), Ok(()));
    }

    #[test]
    fn the_rp_id_or_an_appid() {
        let bytes = data(1, &[]);
        let parsed = AuthenticatorData::parse(&bytes).unwrap();
        assert_eq!(parsed.sign_count, 256);
        assert_eq!(parsed.check_rp_id("example.org", None), Ok(()));
        assert_eq!(parsed.check_rp_id("example.com", None), Err(Reason::RpIdMismatch));
        assert_eq!(parsed.check_rp_id("example.com", Some(&sha256(b"example.org"))), Ok(()));
        assert_eq!(
            parsed.check_rp_id("example.com", Some(&[0; 32])),
            Err(Reason::RpIdMismatch)
        );
    }
}
