//! What is in a file and what is wrong with it, without stopping at the first thing.

use std::collections::BTreeMap;

use serde::Serialize;

use super::TfaConfig;
use super::file::{describe_record, read_json};
use super::old_lines::read_lines;
use super::origin_form::{fits, strip};
use crate::envelope::envelope;
use crate::factor::{Factor, factors};
use crate::failure::Failure;
use crate::record::{FactorType, Record, StoredKey};

/// Reads as much of a file as can be read: an envelope with an [`Examination`], as JSON.
///
/// Fails with `config-too-large` above `max_bytes`; everything else that is wrong is part of the answer. `now`: epoch
/// seconds.
pub fn examine(bytes: &[u8], max_bytes: usize, now: i64) -> String {
    if bytes.len() > max_bytes {
        return envelope::<()>(Err(Failure::ConfigTooLarge));
    }
    envelope(Ok(examination(bytes, now)))
}

#[derive(Default, Serialize)]
struct Examination {
    /// Absent where there is no text at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format>,
    /// Of the file as a whole.
    problems: Vec<Problem>,
    /// In the file's order.
    users: Vec<Examined>,
    /// Which of the sections `u2f` and `webauthn` there are.
    sections: Vec<&'static str>,
    /// Top-level members that nobody knows, which are kept.
    others: usize,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Json,
    Lines,
}

#[derive(Serialize)]
struct Problem {
    /// From 1; absent where the message says it, or it is nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    problem: String,
}

#[derive(Default, Serialize)]
struct Examined {
    /// From 1, of the user's record.
    line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// How many there are of each type; recovery codes that are left.
    factors: BTreeMap<FactorType, usize>,
    /// Why the file is refused.
    problems: Vec<String>,
    /// What is worth knowing, though the file is good.
    remarks: Vec<&'static str>,
}

fn examination(bytes: &[u8], now: i64) -> Examination {
    let whole = |problem: String| Examination {
        problems: vec![Problem { line: None, problem }],
        ..Examination::default()
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return whole(format!("not UTF-8 text, at byte {}", error.valid_up_to())),
    };
    match text.trim_ascii_start().bytes().next() {
        None => whole("the file is empty".into()),
        Some(b'{') => examine_json(text, now),
        Some(_) => examine_lines(text, now),
    }
}

fn examine_json(text: &str, now: i64) -> Examination {
    let mut users = Vec::new();
    let mut lines = Lines::new(text);
    let read = read_json(text, &mut |user, raw| {
        let line = lines.of(raw);
        let record = Record::parse(Some(raw)).map_err(|failure| describe_record(&failure));
        users.push(match record {
            Ok(record) => examine_record(line, user, record, now),
            Err(place) => Examined {
                line,
                user: Some(user.to_owned()),
                problems: vec![match place.strip_prefix('.') {
                    Some(place) => format!("can not be read, at {place}"),
                    None => format!("can not be read{place}"),
                }],
                ..Examined::default()
            },
        });
        Ok(())
    });
    mark_repeated(&mut users);
    let found = Examination {
        format: Some(Format::Json),
        users,
        ..Examination::default()
    };
    match read {
        Ok(TfaConfig {
            u2f, webauthn, others, ..
        }) => {
            let sections = [("u2f", u2f.is_some()), ("webauthn", webauthn.is_some())];
            Examination {
                sections: sections
                    .into_iter()
                    .filter(|(_, there)| *there)
                    .map(|(name, _)| name)
                    .collect(),
                others: others.len(),
                ..found
            }
        }
        Err(problem) => Examination {
            problems: vec![Problem { line: None, problem }],
            ..found
        },
    }
}

fn examine_lines(text: &str, now: i64) -> Examination {
    let lines = read_lines(text).map(|(line, read)| match read {
        Ok((user, record)) => examine_record(line, user, record, now),
        Err(what) => Examined {
            line,
            problems: vec![what.to_owned()],
            ..Examined::default()
        },
    });
    let mut users: Vec<_> = lines.collect();
    mark_repeated(&mut users);
    Examination {
        format: Some(Format::Lines),
        users,
        ..Examination::default()
    }
}

fn mark_repeated(users: &mut [Examined]) {
    let mut seen = BTreeMap::new();
    for (index, examined) in users.iter().enumerate() {
        if let Some(user) = &examined.user {
            seen.entry(user.clone()).or_insert_with(Vec::new).push(index);
        }
    }
    for index in seen.into_values().flat_map(|places| places.into_iter().skip(1)) {
        if let Some(examined) = users.get_mut(index) {
            examined.problems.push("a user occurs twice".into());
        }
    }
}

fn examine_record(line: usize, user: &str, mut record: Record, now: i64) -> Examined {
    let all = factors(&record);
    let mut counts = BTreeMap::new();
    for factor in &all {
        *counts.entry(factor.kind).or_default() += factor.left.unwrap_or(1);
    }
    let short = |bits: usize| bits < 128;
    let remarks = [
        (
            repeats_id(&all),
            "two factors have the same id: only the first can be changed or removed",
        ),
        (all.is_empty(), "no factor at all"),
        (
            !all.is_empty() && record.enabled_factors() == 0,
            "no factor is enabled: this user can't sign in",
        ),
        (
            record
                .webauthn
                .iter()
                .any(|entry| matches!(entry.entry.cred, StoredKey::Other(_))),
            "a WebAuthn key of an algorithm that is not known here: it is kept, and can't answer",
        ),
        (
            record
                .totp
                .iter()
                .any(|entry| short(entry.entry.totp.secret().len() * 8)),
            "a TOTP secret of fewer than the 128 bits of RFC 4226, section 4",
        ),
        (
            record.recovery.as_ref().is_some_and(|set| set.left() == 0),
            "every recovery code is used up",
        ),
        (record.is_locked(FactorType::Totp, now), "TOTP is locked"),
        (
            record.is_locked(FactorType::Recovery, now),
            "all typed codes are locked",
        ),
        (!fits(&record), "a key that the Proxmox format has no place for"),
        (
            strip(&mut record),
            "members that Proxmox does not know: it refuses the file",
        ),
    ];
    Examined {
        line,
        user: Some(user.to_owned()),
        factors: counts,
        problems: Vec::new(),
        remarks: remarks
            .into_iter()
            .filter(|(found, _)| *found)
            .map(|(_, remark)| remark)
            .collect(),
    }
}

fn repeats_id(factors: &[Factor]) -> bool {
    let mut ids: Vec<_> = factors.iter().map(|factor| factor.id.as_str()).collect();
    ids.sort_unstable();
    ids.windows(2).any(|pair| matches!(pair, [one, other] if one == other))
}

/// The line numbers of parts of a text that are asked for in their order.
struct Lines<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text, line: 1 }
    }

    /// The line that a part begins in; that of the part before it, if it is none of this text.
    fn of(&mut self, part: &str) -> usize {
        let skipped = (part.as_ptr() as usize).checked_sub(self.rest.as_ptr() as usize);
        if let Some((before, rest)) = skipped.and_then(|offset| self.rest.split_at_checked(offset)) {
            self.line += before.bytes().filter(|byte| *byte == b'\n').count();
            self.rest = rest;
        }
        self.line
    }
}
