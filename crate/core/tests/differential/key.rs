//! Credentials' keys: two owners' of each algorithm, the same ones for a whole process.

use std::sync::LazyLock;

use countersign_core::webauthn::Algorithm;

use super::oracle;
use crate::mutants_support::Random;
use crate::webauthn_support::SoftwareKey;

pub struct Key {
    pub algorithm: Algorithm,
    pub pair: SoftwareKey,
    /// A COSE key.
    pub public: Vec<u8>,
    /// As the oracle registered it; none where it can't.
    pub known: Option<webauthn_rs_core::proto::Credential>,
}

/// Of owner 0, mostly of an algorithm that the oracle knows.
pub fn any_key(random: &mut Random) -> &'static Key {
    let algorithm = match random.below(8) {
        0..=3 => Algorithm::Es256,
        4 => Algorithm::Es384,
        5 => Algorithm::Rs256,
        _ => *random.pick(&Algorithm::ALL),
    };
    key(algorithm, 0)
}

/// The key of owner 0 or 1.
pub fn key(algorithm: Algorithm, owner: usize) -> &'static Key {
    static KEYS: LazyLock<Vec<[Key; 2]>> = LazyLock::new(|| {
        Algorithm::ALL
            .map(|algorithm| [0, 1].map(|owner| Key::new(algorithm, owner)))
            .into()
    });
    let place = Algorithm::ALL.iter().position(|known| *known == algorithm).unwrap();
    &KEYS[place][owner]
}

impl Key {
    fn new(algorithm: Algorithm, owner: usize) -> Self {
        let pair = SoftwareKey::of_owner(algorithm, owner);
        let public = pair.public().to_cbor();
        Self {
            algorithm,
            known: oracle::credential(&public),
            public,
            pair,
        }
    }
}
