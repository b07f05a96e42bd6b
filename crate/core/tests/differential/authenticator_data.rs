//! Authenticator data in its parts (6.1), to be bent one by one.

use super::cbor::{self, Entries};
use crate::mutants_support::{Random, mutate};
use crate::webauthn_support::sha256;

pub const USER_PRESENT: u8 = 0x01;
pub const BACKUP_STATE: u8 = 0x10;
const EXTENSIONS: u8 = 0x80;

#[derive(Clone)]
pub struct AuthenticatorData {
    pub rp_id_hash: Vec<u8>,
    pub flags: u8,
    pub sign_count: u32,
    pub attested: Option<Attested>,
    /// Empty: there is no extension data.
    pub extensions: Entries,
}

#[derive(Clone)]
pub struct Attested {
    pub aaguid: [u8; 16],
    pub id: Vec<u8>,
    /// A COSE key.
    pub key: Vec<u8>,
}

impl AuthenticatorData {
    pub fn new(rp_id: &str, flags: u8, sign_count: u32, attested: Option<Attested>) -> Self {
        Self {
            rp_id_hash: sha256(rp_id.as_bytes()),
            flags,
            sign_count,
            attested,
            extensions: Entries::new(),
        }
    }

    /// Of data that was accepted: `None` can't be.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>()?;
        let (flags, rest) = rest.split_first()?;
        let (sign_count, mut rest) = rest.split_first_chunk::<4>()?;
        let mut attested = None;
        if flags & 0x40 != 0 {
            let (aaguid, after) = rest.split_first_chunk::<16>()?;
            let (length, after) = after.split_first_chunk::<2>()?;
            let (id, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            rest = cbor::entries(after)?.1;
            attested = Some(Attested {
                aaguid: *aaguid,
                id: id.to_vec(),
                key: after[..after.len() - rest.len()].to_vec(),
            });
        }
        let mut extensions = Entries::new();
        if flags & EXTENSIONS != 0 {
            (extensions, rest) = cbor::entries(rest)?;
        }
        rest.is_empty().then_some(Self {
            rp_id_hash: rp_id_hash.to_vec(),
            flags: *flags,
            sign_count: u32::from_be_bytes(*sign_count),
            attested,
            extensions,
        })
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.rp_id_hash.clone();
        bytes.push(self.flags);
        bytes.extend(self.sign_count.to_be_bytes());
        if let Some(attested) = &self.attested {
            bytes.extend(attested.aaguid);
            bytes.extend(u16::try_from(attested.id.len()).unwrap().to_be_bytes());
            bytes.extend(&attested.id);
            bytes.extend(&attested.key);
        }
        if self.flags & EXTENSIONS != 0 {
            bytes.extend(cbor::map(&self.extensions));
        }
        bytes
    }

    pub fn bend(&mut self, random: &mut Random) {
        match random.below(8) {
            0 | 1 => self.flags ^= 1 << random.below(8),
            2 => self.sign_count = *random.pick(&[0, 2, 3, 4, u32::MAX, 0x0100_0000]),
            3 if random.one_in(3) => self.rp_id_hash = sha256(b"example.com"),
            3 => self.rp_id_hash[random.below(32)] ^= 1,
            4 | 5 => {
                self.flags |= EXTENSIONS;
                cbor::bend(random, &mut self.extensions);
            }
            _ => self.bend_attested(random),
        }
    }

    fn bend_attested(&mut self, random: &mut Random) {
        let Some(attested) = &mut self.attested else { return };
        match random.below(6) {
            0 => attested.aaguid[random.below(16)] ^= 1,
            1 => {
                attested.id = vec![random.byte(); *random.pick(&[16, 1, 64, 255, 1023, 1024, 0])];
            }
            2 => mutate(random, &mut attested.key),
            _ => {
                let (mut entries, _) = cbor::entries(&attested.key).unwrap_or_default();
                cbor::bend(random, &mut entries);
                attested.key = cbor::map(&entries);
            }
        }
    }

    /// Without extension data, as most authenticators answer.
    pub fn keep_extensions(&mut self, keep: impl Fn(&[u8], &[u8]) -> bool) -> bool {
        let before = self.extensions.len();
        self.extensions.retain(|(key, value)| keep(key, value));
        self.extensions.len() < before
    }
}
