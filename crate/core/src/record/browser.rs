//! Browsers in which a password alone signs the user in. Each has a token, of which the record holds hashes only.
//!
//! A token is a series id, which stays, and a secret, which every use replaces. A secret that was replaced shows that
//! the token was copied.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::bytes::{base64url, decode_base64};
use super::{Entry, Record};
use crate::json::request;

/// The most browsers of a user. One more replaces the one that was used longest ago.
const MOST: usize = 16;

/// How long a browser is remembered, in seconds. Using it doesn't prolong that.
const LIFETIME: i64 = 30 * 86_400;

/// How long the token before the current one is accepted, in milliseconds. The requests of several tabs may cross.
const GRACE: i64 = 10_000;

/// How far a clock may be behind the one that replaced the token, in milliseconds. Those of two servers differ.
const SKEW: i64 = 1000;

/// Bytes of a series id and of a secret.
const SERIES: usize = 16;
const SECRET: usize = 32;

/// The members of a browser in a record.
const MEMBERS: [&str; 7] = ["id", "label", "created", "rotated", "series", "secret", "previous"];

/// One browser.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Browser {
    /// For lists. It says nothing about the token.
    pub id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Epoch seconds.
    pub created: i64,
    /// When the current secret was made, in epoch milliseconds.
    pub rotated: i64,
    #[serde(serialize_with = "base64url::serialize")]
    series: Vec<u8>,
    #[serde(serialize_with = "base64url::serialize")]
    secret: Vec<u8>,
    /// Of the secret before. Empty if there was none.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "base64url::serialize")]
    previous: Vec<u8>,
}

/// A browser whose token is new.
pub struct Remembered {
    pub id: String,
    pub token: Token,
    /// Epoch milliseconds.
    pub expires: i64,
}

/// What a browser gets. It is stored nowhere else.
#[derive(PartialEq, Serialize)]
pub struct Token(Zeroizing<String>);

/// Without the token.
impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token")
    }
}

/// What a token is worth.
pub enum Recognised {
    /// Nothing: no browser of this user has it, its time is over, or it can't be accepted now.
    No,
    /// It was replaced a moment ago, by a request that crossed this one.
    Before { id: String },
    /// It was the current one, and this one replaces it.
    Now(Remembered),
    /// It was replaced before: somebody copied it. The browser is forgotten.
    Reused { id: String },
}

impl Browser {
    /// Reads what [`Serialize`] writes. A member that is not known here might restrict what the others allow.
    fn read(value: &Value) -> Option<Self> {
        let members = value.as_object()?;
        if members.keys().any(|name| !MEMBERS.contains(&name.as_str())) {
            return None;
        }
        let text = |name| value.get(name).and_then(Value::as_str);
        let bytes = |name| text(name).and_then(decode_base64);
        Some(Self {
            id: text("id")?.to_owned(),
            label: text("label").unwrap_or_default().to_owned(),
            created: value.get("created")?.as_i64()?,
            rotated: value.get("rotated")?.as_i64()?,
            series: bytes("series")?,
            secret: bytes("secret")?,
            previous: bytes("previous").unwrap_or_default(),
        })
    }

    /// Epoch milliseconds.
    pub fn expires(&self) -> i64 {
        self.created.saturating_add(LIFETIME).saturating_mul(1000)
    }
}

impl Record {
    /// Remembers a browser, at `now` in epoch milliseconds. `None` if the record has no room for it. `random`: 16 bytes
    /// for the public id, and those of a token.
    pub fn remember(&mut self, rp_id: &str, label: String, random: &[u8], now: i64) -> Option<Remembered> {
        let (id, random) = random.split_at_checked(16)?;
        let token = Parts::of(random)?;
        let (series, secret) = token.hashes(rp_id);
        let browser = Browser {
            id: request::uuid(id).ok()?,
            label,
            created: request::seconds(now),
            rotated: self.used(now),
            series,
            secret,
            previous: Vec::new(),
        };
        let remembered = token.remembered(&browser);
        let before = self.browsers.clone();
        self.forget_expired(now);
        while self.browsers.len() >= MOST {
            let oldest = self.browsers.iter().map(|one| one.rotated).min();
            let place = self.browsers.iter().position(|one| Some(one.rotated) == oldest)?;
            self.browsers.remove(place);
        }
        self.browsers.push(browser);
        if self.check_size().is_err() {
            self.browsers = before;
            return None;
        }
        Some(remembered)
    }

    /// Says what a token is worth at `now`, in epoch milliseconds, and replaces a current one. `random`: the bytes of
    /// the new secret.
    pub fn recognise(&mut self, rp_id: &str, token: &str, random: &[u8], now: i64) -> Recognised {
        let Some(token) = Parts::parse(token) else {
            return Recognised::No;
        };
        let (series, secret) = token.hashes(rp_id);
        let (latest, used) = (self.latest(now), self.used(now));
        let refused = self.is_empty() || self.is_any_locked(request::seconds(now)) || self.check_room().is_err();
        let found = self.browsers.iter().position(|one| is_same(&one.series, &series));
        let Some((place, browser)) = found.and_then(|place| Some((place, self.browsers.get_mut(place)?))) else {
            return Recognised::No;
        };
        if latest >= browser.expires() {
            return Recognised::No;
        }
        let id = browser.id.clone();
        if is_same(&browser.secret, &secret) {
            // Without the random bytes, it can't be replaced.
            let Some(next) = token.with_secret(random).filter(|_| !refused) else {
                return Recognised::No;
            };
            browser.previous = std::mem::replace(&mut browser.secret, next.hashes(rp_id).1);
            browser.rotated = used;
            let remembered = next.remembered(browser);
            self.forget_expired(now);
            return Recognised::Now(remembered);
        }
        // Both ways: a clock that goes back must not bring the ten seconds back either.
        let behind = browser.rotated.saturating_sub(now);
        let crossed = used.saturating_sub(browser.rotated) <= GRACE && behind <= GRACE;
        if crossed && is_same(&browser.previous, &secret) {
            // A clock that is a little more behind is no sign of a copy, and no reason to let it in.
            return if refused || behind > SKEW {
                Recognised::No
            } else {
                Recognised::Before { id }
            };
        }
        self.browsers.remove(place);
        Recognised::Reused { id }
    }

    /// The browsers that are remembered at `now`, in epoch milliseconds.
    pub fn remembered(&self, now: i64) -> impl Iterator<Item = &Browser> {
        let latest = self.latest(now);
        self.browsers.iter().filter(move |one| latest < one.expires())
    }

    /// The id of the browser whose token this is or was.
    pub fn browser_of(&self, rp_id: &str, token: &str) -> Option<&str> {
        let (series, _) = Parts::parse(token)?.hashes(rp_id);
        let found = self.browsers.iter().find(|one| is_same(&one.series, &series));
        found.map(|one| one.id.as_str())
    }

    fn forget_expired(&mut self, now: i64) {
        let latest = self.latest(now);
        self.browsers.retain(|one| latest < one.expires());
    }

    /// The later of `now` and the latest use that the record knows of, in epoch milliseconds.
    fn used(&self, now: i64) -> i64 {
        let used = (self.totp.iter().map(|one| one.last_used))
            .chain(self.u2f.iter().map(|one| one.last_used))
            .chain(self.webauthn.iter().map(|one| one.last_used))
            .chain(self.yubico.iter().map(|one| one.last_used));
        let rotated = self.browsers.iter().map(|one| one.rotated);
        let used = used.flatten().map(|seconds| seconds.saturating_mul(1000));
        used.chain(rotated).fold(now, i64::max)
    }

    /// The later of `now` and the latest time in the record: a clock that goes back prolongs nothing.
    pub(crate) fn latest(&self, now: i64) -> i64 {
        let codes = (self.recovery.iter()).map(|set| set.created.max(set.added.unwrap_or(i64::MIN)));
        let made = (self.totp.iter().map(Entry::made))
            .chain(self.u2f.iter().map(Entry::made))
            .chain(self.webauthn.iter().map(Entry::made))
            .chain(self.yubico.iter().map(Entry::made))
            .chain(codes);
        let removed = self.removed.iter().map(|removal| removal.at);
        let times = made.chain(removed).map(|seconds| seconds.saturating_mul(1000));
        times.chain(self.seen()).fold(self.used(now), i64::max)
    }
}

impl<T> Entry<T> {
    /// When it came to this record, in epoch seconds. Of an import, the other system may say any time.
    fn made(&self) -> i64 {
        self.created.max(self.added.unwrap_or(i64::MIN))
    }
}

/// The bytes of a token.
struct Parts(Zeroizing<[u8; SERIES + SECRET]>);

impl Parts {
    fn of(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map(Zeroizing::new);
        Self::of(&bytes.ok()?)
    }

    /// The next token of the series.
    fn with_secret(&self, secret: &[u8]) -> Option<Self> {
        let mut next = self.0.clone();
        let (_, place) = next.split_at_mut_checked(SERIES)?;
        if place.len() != secret.len() {
            return None;
        }
        place.copy_from_slice(secret);
        Some(Self(next))
    }

    /// The hashes of the series id and of the secret. They are of use for one relying party only, and a secret for its
    /// series only.
    fn hashes(&self, rp_id: &str) -> (Vec<u8>, Vec<u8>) {
        let (series, secret) = self.0.split_at(SERIES);
        let mut hash = Context::new(&SHA256);
        hash.update(b"countersign browser\0");
        hash.update(&(rp_id.len() as u64).to_be_bytes());
        hash.update(rp_id.as_bytes());
        hash.update(series);
        let of_series = hash.clone().finish();
        hash.update(secret);
        (of_series.as_ref().to_vec(), hash.finish().as_ref().to_vec())
    }

    fn remembered(&self, browser: &Browser) -> Remembered {
        Remembered {
            id: browser.id.clone(),
            token: Token(Zeroizing::new(BASE64URL_NOPAD.encode(&*self.0))),
            expires: browser.expires(),
        }
    }
}

fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// Leaves out what is no browser: it is forgotten, and the factors beside it are used all the same.
pub(crate) fn readable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Browser>, D::Error> {
    let found = Value::deserialize(deserializer)?;
    let each = found.as_array().into_iter().flatten();
    Ok(each.filter_map(Browser::read).collect())
}
