//! Remembered browsers: a sign-in may remember one, and the next sign-in in it then needs no factor.

use std::cmp::Reverse;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::manage::check_by;
use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::{Browser, Recognised, Record, Token};
use crate::service::answer::Answer;
use crate::service::change::{Change, Decision};
use crate::service::event::{Event, EventType};
use crate::service::outcome::Accepted;
use crate::service::settings::Settings;

/// Says whether a token is that of a browser of this user: `{"remembered", "token"?, "expires"?}`. A current token is
/// replaced by the one that is returned. One that was replaced before ends its browser.
///
/// Request: `{token, random, now}`. `random`: 32 bytes in base64url.
pub fn recognise_browser(record: Option<&str>, settings: &Settings, request: &str) -> Change {
    Change::from_decision(recognise(record, settings, request))
}

/// The browsers that are remembered now, the one used last first: a list of `{"id", "label", "created", "lastUsed",
/// "expires", "current"?}` with times in epoch milliseconds. `current`: it is the one with this token.
///
/// Request: `{token?, now}`.
pub fn browsers(record: Option<&str>, settings: &Settings, request: &str) -> String {
    envelope(list(record, settings, request))
}

/// Forgets the browser with this id, or all of them without one. `value` is their number. Request: `{id?, by?}`.
pub fn forget_browsers(record: Option<&str>, request: &str) -> Change {
    Change::from_decision(forget(record, request))
}

/// A browser that is to be remembered, if the sign-in succeeds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewBrowser {
    label: String,
    /// 64 bytes in base64url.
    random: Zeroizing<String>,
}

impl NewBrowser {
    /// Remembers the browser, and adds its token to the outcome. `now`: epoch milliseconds.
    pub fn remember(
        self,
        record: &mut Record,
        settings: &Settings,
        accepted: &mut Accepted,
        now: i64,
    ) -> Option<Event> {
        let random = decode(&self.random).ok()?;
        let remembered = record.remember(&settings.rp.id, self.label, &random, now)?;
        accepted.token = Some(remembered.token);
        accepted.expires = Some(remembered.expires);
        Some(Event::of_browser(EventType::BrowserRemembered, &remembered.id))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Presented {
    #[serde(default)]
    token: Zeroizing<String>,
    #[serde(default)]
    random: Zeroizing<String>,
    now: i64,
}

#[derive(Serialize)]
struct Answered {
    remembered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<Token>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<i64>,
}

fn recognise(record: Option<&str>, settings: &Settings, request: &str) -> Decision<Answered> {
    let Presented { token, random, now } = request::parse(request)?;
    let random = decode(&random)?;
    let mut record = Record::parse(record)?;
    let recognised = record.recognise(&settings.rp.id, &token, &random, now);
    let answer = |remembered| {
        Answer::new(Answered {
            remembered,
            token: None,
            expires: None,
        })
    };
    let accepted = |id: &str| Event::of_browser(EventType::BrowserRecognised, id);
    Ok(match recognised {
        Recognised::No => (None, answer(false)),
        Recognised::Before { id } => (None, answer(true).with_event(accepted(&id))),
        Recognised::Now(next) => {
            let mut answer = answer(true).with_event(accepted(&next.id));
            answer.value.token = Some(next.token);
            answer.value.expires = Some(next.expires);
            (Some(record), answer)
        }
        Recognised::Reused { id } => {
            let event = Event::of_browser(EventType::BrowserTokenReused, &id);
            (Some(record), answer(false).with_event(event))
        }
    })
}

fn decode(random: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = BASE64URL_NOPAD.decode(random.as_bytes()).map(Zeroizing::new);
    bytes.map_err(|_| Failure::InvalidArgument("random"))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    id: String,
    label: String,
    created: i64,
    last_used: i64,
    expires: i64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    current: bool,
}

fn list(record: Option<&str>, settings: &Settings, request: &str) -> Result<Vec<Listed>, Failure> {
    let Presented { token, now, .. } = request::parse(request)?;
    let record = Record::parse(record)?;
    let current = record.browser_of(&settings.rp.id, &token);
    let listed = |one: &Browser| Listed {
        id: one.id.clone(),
        label: one.label.clone(),
        created: one.created.saturating_mul(1000),
        last_used: one.rotated,
        expires: one.expires(),
        current: current == Some(one.id.as_str()),
    };
    let mut all: Vec<_> = record.remembered(now).map(listed).collect();
    all.sort_by_key(|one| Reverse(one.last_used));
    Ok(all)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forget {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    by: Option<String>,
}

fn forget(record: Option<&str>, request: &str) -> Decision<usize> {
    let Forget { id, by } = request::parse(request)?;
    check_by(by.as_deref())?;
    let mut record = Record::parse(record)?;
    let all = std::mem::take(&mut record.browsers);
    let meant = |one: &Browser| id.as_ref().is_none_or(|id| *id == one.id);
    let (forgotten, kept): (Vec<_>, Vec<_>) = all.into_iter().partition(meant);
    record.browsers = kept;
    let event = |one: &Browser| Event::of_browser(EventType::BrowserForgotten, &one.id).by(by.as_deref());
    let answer = Answer {
        events: forgotten.iter().map(event).collect(),
        ..Answer::new(forgotten.len())
    };
    Ok(((!forgotten.is_empty()).then_some(record), answer))
}
