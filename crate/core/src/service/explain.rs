//! Adds to the event of a refused ceremony what the administrator of the server needs besides the reason.

use crate::record::FactorType;
use crate::service::event::Event;
use crate::service::settings::Settings;
use crate::{u2f, webauthn};

/// Adds the origins to `origin-mismatch` and the member to `malformed`. `response`: the refused response.
pub(crate) fn explain(events: &mut [Event], settings: &Settings, response: &str) {
    for event in events {
        // The factor's type tells the form of the response.
        let u2f = event
            .factor
            .as_ref()
            .is_some_and(|factor| factor.kind == FactorType::U2f);
        match event.reason {
            Some("origin-mismatch") => {
                event.origin = if u2f {
                    u2f::diagnosis::origin_of(response)
                } else {
                    webauthn::diagnosis::origin_of(response)
                };
                let facets = settings.u2f.as_ref().and_then(|policy| policy.facets.as_ref());
                event
                    .origins
                    .clone_from(facets.filter(|_| u2f).unwrap_or(&settings.rp.origins));
            }
            Some("malformed") if event.member.is_none() => {
                event.member = Some(if u2f {
                    u2f::diagnosis::malformed_member(response)
                } else {
                    webauthn::diagnosis::malformed_member(response)
                });
            }
            _ => {}
        }
    }
}
