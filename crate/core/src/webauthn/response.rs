//! Reads `RegistrationResponseJSON` and `AuthenticationResponseJSON` (5.1), which browsers write with `toJSON`.

use data_encoding::BASE64URL_NOPAD;
use memchr::memchr;

use super::authenticator_data::{AuthenticatorData, Flags};
use super::client_data::ClientData;
use super::reason::Reason;
use crate::json::from_outside::{FromOutside, Member, Unfit, bytes};

/// The longest response that is read, in bytes of JSON text.
pub const MAX_RESPONSE: usize = 64 * 1024;
/// The length of this library's challenges, except sealed ones: 32 bytes in base64url.
const CHALLENGE_LENGTH: usize = 43;
/// The same of a challenge that requires something of its answer: one byte more.
pub const REQUIRING_CHALLENGE_LENGTH: usize = 44;
/// The lengths of a sealed challenge (`challenges/sealed.rs`): 56 bytes in base64url, or 57.
pub const SEALED_CHALLENGE_LENGTHS: [usize; 2] = [75, 76];
/// All are read here. A later check refuses an answer to the wrong kind.
const LENGTHS: [usize; 4] = [CHALLENGE_LENGTH, REQUIRING_CHALLENGE_LENGTH, 75, 76];
const MAX_TRANSPORTS: usize = 16;

/// The members of both kinds of response. A member that only one kind has is checked when it is used.
pub struct Response<'a> {
    pub credential_id: Vec<u8>,
    pub client_data_json: Vec<u8>,
    attestation_object: Member<'a>,
    authenticator_data: Member<'a>,
    signature: Member<'a>,
    user_handle: Member<'a>,
    transports: Member<'a>,
    extensions: Member<'a>,
}

/// The parts of a response by which its challenge and its credential are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peeked {
    pub credential_id: Vec<u8>,
    /// base64url text of a length that challenges have.
    pub challenge: String,
}

/// Finds the credential and the challenge of either kind of response. Nothing is verified.
pub fn peek(response: &str) -> Result<Peeked, Reason> {
    let response = Response::parse(response)?;
    let client_data = ClientData::parse(&response.client_data_json)?;
    Peeked::of(response.credential_id, client_data.challenge(), &LENGTHS)
}

/// The same, and the user handle in base64url. `None` if it is missing, null or empty.
pub fn peek_passkey(response: &str) -> Result<(Peeked, Option<String>), Reason> {
    let response = Response::parse(response)?;
    let handle = response.user_handle()?;
    let client_data = ClientData::parse(&response.client_data_json)?;
    let peeked = Peeked::of(response.credential_id, client_data.challenge(), &LENGTHS)?;
    Ok((peeked, handle.map(|handle| BASE64URL_NOPAD.encode(&handle))))
}

/// The flags of an assertion that was not verified.
pub fn peek_flags(response: &str) -> Result<Flags, Reason> {
    Ok(AuthenticatorData::parse(&Response::parse(response)?.authenticator_data()?)?.flags)
}

impl Peeked {
    pub(crate) fn new(credential_id: Vec<u8>, challenge: &str) -> Result<Self, Reason> {
        Self::of(credential_id, challenge, &LENGTHS[..2])
    }

    fn of(credential_id: Vec<u8>, challenge: &str, lengths: &[usize]) -> Result<Self, Reason> {
        if !lengths.contains(&challenge.len()) || BASE64URL_NOPAD.decode(challenge.as_bytes()).is_err() {
            return Err(Reason::Malformed);
        }
        Ok(Self {
            credential_id,
            challenge: challenge.to_owned(),
        })
    }
}

impl<'a> Response<'a> {
    pub fn parse(json: &'a str) -> Result<Self, Reason> {
        if json.len() > MAX_RESPONSE {
            return Err(Reason::Malformed);
        }
        let outer = FromOutside::parse(json).ok_or(Reason::Malformed)?;
        let inner = outer.object("response").ok_or(Reason::Malformed)?;
        if outer.member("type").text()? != Some("public-key") {
            return Err(Reason::Malformed);
        }
        let (id, raw_id, client_data_json) = (
            outer.member("id"),
            outer.member("rawId"),
            inner.member("clientDataJSON"),
        );
        let [Some(id), Some(raw_id), Some(client_data_json)] = [id.text()?, raw_id.text()?, client_data_json.text()?]
        else {
            return Err(Reason::Malformed);
        };
        Ok(Self {
            attestation_object: inner.member("attestationObject"),
            authenticator_data: inner.member("authenticatorData"),
            signature: inner.member("signature"),
            user_handle: inner.member("userHandle"),
            transports: inner.member("transports"),
            extensions: outer.member("clientExtensionResults"),
            ..Self::of(id, raw_id, client_data_json)?
        })
    }

    /// Reads the response of an assertion from JSON, or from lines, which are faster to write and read: `id`, `rawId`,
    /// `clientDataJSON`, `authenticatorData`, `signature` and `userHandle`. The last line is empty if there is no
    /// handle.
    pub fn of_assertion(text: &'a str) -> Result<Self, Reason> {
        if text.starts_with('{') {
            return Self::parse(text);
        }
        let [id, raw_id, client_data_json, authenticator_data, signature, user_handle] = lines(text)?;
        Ok(Self {
            authenticator_data: Member::Text(authenticator_data.into()),
            signature: Member::Text(signature.into()),
            user_handle: Member::Text(user_handle.into()),
            ..Self::of(id, raw_id, client_data_json)?
        })
    }

    /// Reads the response of a registration in the same way. The lines are `id`, `rawId`, `clientDataJSON`,
    /// `attestationObject`, `transports` with a comma after each, and `clientExtensionResults` as JSON.
    pub fn of_registration(text: &'a str) -> Result<Self, Reason> {
        if text.starts_with('{') {
            return Self::parse(text);
        }
        let [id, raw_id, client_data_json, attestation_object, transports, extensions] = lines(text)?;
        Ok(Self {
            attestation_object: Member::Text(attestation_object.into()),
            transports: Member::Texts(transports.split_terminator(',').collect()),
            extensions: Member::of(extensions),
            ..Self::of(id, raw_id, client_data_json)?
        })
    }

    /// Reads the members that both kinds have, and checks that the two ids are the same.
    fn of(id: &str, raw_id: &str, client_data_json: &str) -> Result<Self, Reason> {
        let credential_id = bytes(id).ok_or(Reason::Malformed)?;
        if raw_id != id && bytes(raw_id).as_ref() != Some(&credential_id) {
            return Err(Reason::Malformed);
        }
        Ok(Self {
            credential_id,
            client_data_json: bytes(client_data_json).ok_or(Reason::Malformed)?,
            attestation_object: Member::Absent,
            authenticator_data: Member::Absent,
            signature: Member::Absent,
            user_handle: Member::Absent,
            transports: Member::Absent,
            extensions: Member::Absent,
        })
    }

    pub fn attestation_object(&self) -> Result<Vec<u8>, Reason> {
        Ok(self.attestation_object.required_bytes()?)
    }

    pub fn authenticator_data(&self) -> Result<Vec<u8>, Reason> {
        Ok(self.authenticator_data.required_bytes()?)
    }

    pub fn signature(&self) -> Result<Vec<u8>, Reason> {
        Ok(self.signature.required_bytes()?)
    }

    /// `None` if it is missing, null or empty.
    pub fn user_handle(&self) -> Result<Option<Vec<u8>>, Reason> {
        Ok(self.user_handle.bytes()?.filter(|handle| !handle.is_empty()))
    }

    /// `credProps.rk` of a registration. The browser reports it, and no signature covers it.
    pub fn discoverable(&self) -> Result<Option<bool>, Reason> {
        let Some(results) = self.extensions.object()? else {
            return Ok(None);
        };
        let Some(properties) = results.member("credProps").object()? else {
            return Ok(None);
        };
        Ok(properties.member("rk").flag()?)
    }

    /// Each transport once. Unknown ones are kept, as 7.1 requires. What can't be the name of one, such as an empty text,
    /// is ignored, as is what comes after the most that are kept: they only help the browser at a sign-in.
    pub fn transports(&self) -> Result<Vec<String>, Reason> {
        let mut transports: Vec<String> = Vec::new();
        for transport in self.transports.texts()? {
            let plain = transport
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            // First, because comparing thousands of them with each other would take long.
            if transports.len() == MAX_TRANSPORTS {
                break;
            }
            let fits = plain && !transport.is_empty() && transport.len() <= 32;
            if fits && !transports.iter().any(|known| *known == transport) {
                transports.push(transport.into_owned());
            }
        }
        Ok(transports)
    }
}

impl From<Unfit> for Reason {
    fn from(Unfit: Unfit) -> Self {
        Self::Malformed
    }
}

/// Splits the lines, of which there must be six. No valid member contains a line break.
fn lines(text: &str) -> Result<[&str; 6], Reason> {
    if text.len() > MAX_RESPONSE {
        return Err(Reason::Malformed);
    }
    let (mut lines, mut rest) = ([""; 6], text);
    for line in lines.iter_mut().take(5) {
        (*line, rest) = split_line(rest).ok_or(Reason::Malformed)?;
    }
    match (lines.last_mut(), split_line(rest)) {
        (Some(last), None) => *last = rest,
        _ => return Err(Reason::Malformed),
    }
    Ok(lines)
}

/// Like `split_once('\n')`, which takes several times as long for the long lines of a response.
pub(super) fn split_line(text: &str) -> Option<(&str, &str)> {
    let end = memchr(b'\n', text.as_bytes())?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ID: &str = "-_-_-_-_-_-_-_-_-_-_-w";

    fn response() -> String {
        let client_data = BASE64URL_NOPAD.encode(
            format!(
                r#"{{"type":"webauthn.get","challenge":"{}","origin":"o"}}"#,
                "A".repeat(43)
            )
            .as_bytes(),
        );
        format!(
            r#"{{"id":"{ID}","rawId":"{ID}","type":"public-key","clientExtensionResults":{{}},"response":{{"clientDataJSON":"{client_data}","authenticatorData":"AA","signature":"AQ"}}}}"#
        )
    }

    fn with(from: &str, to: &str) -> Result<Peeked, Reason> {
        assert!(response().contains(from), "{from}");
        peek(&response().replacen(from, to, 1))
    }

    #[test]
    fn finds_credential_and_challenge() {
        let peeked = peek(&response()).unwrap();
        assert_eq!(BASE64URL_NOPAD.encode(&peeked.credential_id), ID);
        assert_eq!(peeked.challenge, "A".repeat(43));
        let json = response();
        let parsed = Response::parse(&json).unwrap();
        assert_eq!(
            (parsed.authenticator_data(), parsed.signature()),
            (Ok(vec![0]), Ok(vec![1]))
        );
        assert_eq!(parsed.attestation_object(), Err(Reason::Malformed));
    }

    #[test]
    fn binary_members_come_in_either_alphabet() {
        let ids = [
            ID,
            "-_-_-_-_-_-_-_-_-_-_-w==",
            "+/+/+/+/+/+/+/+/+/+/+w==",
            "+/+/+/+/+/+/+/+/+/+/+w",
        ];
        for id in ids {
            for raw in ids {
                let to = format!(r#"{{"id":"{id}","rawId":"{raw}""#);
                let peeked = with(&format!(r#"{{"id":"{ID}","rawId":"{ID}""#), &to).unwrap();
                assert_eq!(BASE64URL_NOPAD.encode(&peeked.credential_id), ID);
            }
        }
        for wrong in [
            "+/+/+/+/+/+/+/+/+/+/-w==",
            "+/+/+/+/+/+/+/+/+/+/+w=",
            "+/+/+/+/+/+/+/+/+/+/+x==",
            "-_-_-_-_-_-_-_-_-_-_-x",
            "",
            "AA",
        ] {
            for name in ["id", "rawId"] {
                let to = format!(r#""{name}":"{wrong}""#);
                let peeked = with(&format!(r#""{name}":"{ID}""#), &to);
                assert_eq!(peeked, Err(Reason::Malformed), "{to}");
            }
        }
        let signature = |text: &str| {
            let json = response().replace(r#""signature":"AQ""#, &format!(r#""signature":"{text}""#));
            Response::parse(&json).and_then(|parsed| parsed.signature())
        };
        assert_eq!(signature("AQ=="), Ok(vec![1]));
        assert_eq!(signature("+/8="), Ok(vec![0xfb, 0xff]));
        for wrong in ["AQ=", "AR", "AR==", "+_8", "A Q", "AQ\\n"] {
            assert_eq!(signature(wrong), Err(Reason::Malformed), "{wrong}");
        }
    }

    #[test]
    fn what_is_used_has_to_be_right() {
        let id = format!(r#"{{"id":"{ID}""#);
        for (from, to) in [
            (id.as_str(), r#"{"di":"AA""#),
            (&id, r#"{"id":null"#),
            (&id, r#"{"id":7"#),
            (r#""type":"public-key""#, r#""type":"password""#),
            (r#""type":"public-key""#, r#""type":null"#),
            (r#""type":"public-key","#, ""),
            (r#""rawId""#, r#""rawid""#),
            (r#""clientDataJSON""#, r#""clientDataJSON":null,"clientData""#),
            (r#""clientDataJSON""#, r#""clientData""#),
            (r#""response":{"#, r#""response":null,"more":{"#),
            (r#""response":{"#, r#""response":[],"more":{"#),
            (r#""type":"public-key""#, r#""type":"public-key","type":"public-key""#),
            (r#""signature":"AQ""#, r#""signature":"AQ","signature":"AQ""#),
            (
                r#""clientExtensionResults":{}"#,
                r#""clientExtensionResults":{"a":1,"a":1}"#,
            ),
            ("}}", "}"),
            ("}}", "}}}"),
        ] {
            assert_eq!(with(from, to), Err(Reason::Malformed), "{from} {to}");
        }
        for text in ["", "null", "[]", "\"\"", "{}", "\u{feff}{}"] {
            assert_eq!(peek(text), Err(Reason::Malformed));
        }
        let used = |from: &str, to: &str| {
            let json = response().replacen(from, to, 1);
            let response = Response::parse(&json).unwrap();
            (response.authenticator_data(), response.signature())
        };
        for wrong in ["null", "7", "[]", "{}", "true"] {
            let (data, _) = used(
                r#""authenticatorData":"AA""#,
                &format!(r#""authenticatorData":{wrong}"#),
            );
            let (_, signature) = used(r#""signature":"AQ""#, &format!(r#""signature":{wrong}"#));
            assert_eq!(
                (data, signature),
                (Err(Reason::Malformed), Err(Reason::Malformed)),
                "{wrong}"
            );
        }
    }

    #[test]
    fn what_decides_nothing_may_be_anything() {
        for value in [
            "null",
            "7",
            "1e999",
            "-0.5",
            "true",
            "\"\"",
            "\"=\"",
            r#""\ud800""#,
            "[]",
            r#"[{},[null,"a"]]"#,
            "{}",
            r#"{"prf":{"enabled":true}}"#,
        ] {
            for (before, name) in [
                (r#""type""#, "authenticatorAttachment"),
                (r#""type""#, "clientExtensionResults"),
                (r#""type""#, "extra"),
                (r#""signature""#, "publicKeyAlgorithm"),
                (r#""signature""#, "attestationObject"),
                (r#""signature""#, "transports"),
                (r#""signature""#, "extra"),
            ] {
                let json = response().replacen(r#""clientExtensionResults":{},"#, "", 1);
                let json = json.replacen(before, &format!(r#""{name}":{value},{before}"#), 1);
                let parsed = Response::parse(&json).map(|parsed| parsed.signature());
                assert_eq!(parsed.ok(), Some(Ok(vec![1])), "{json}");
            }
        }
        assert!(with(r#""clientExtensionResults":{},"#, "").is_ok());
        let more: Vec<_> = (0..200).map(|number| format!(r#""{number}":[]"#)).collect();
        assert!(with(r#""type""#, &format!(r#"{},"type""#, more.join(","))).is_ok());
    }

    #[test]
    fn what_the_browser_says_of_the_credential() {
        let rk = |results: &str| {
            let json = response().replace(
                r#""clientExtensionResults":{}"#,
                &format!(r#""clientExtensionResults":{results}"#),
            );
            Response::parse(&json).and_then(|parsed| parsed.discoverable())
        };
        for none in [
            "null",
            "{}",
            r#"{"credProps":null}"#,
            r#"{"credProps":{}}"#,
            r#"{"credProps":{"rk":null}}"#,
        ] {
            assert_eq!(rk(none), Ok(None), "{none}");
        }
        assert_eq!(rk(r#"{"prf":7,"credProps":{"more":[],"rk":true}}"#), Ok(Some(true)));
        assert_eq!(rk(r#"{"credProps":{"rk":false}}"#), Ok(Some(false)));
        for wrong in [
            "7",
            "[]",
            "\"\"",
            r#"{"credProps":7}"#,
            r#"{"credProps":[]}"#,
            r#"{"credProps":{"rk":"true"}}"#,
        ] {
            assert_eq!(rk(wrong), Err(Reason::Malformed), "{wrong}");
        }
    }

    #[test]
    fn lines_say_what_json_says() {
        let client_data = BASE64URL_NOPAD.encode(b"{}");
        let lines = format!("{ID}\n{ID}\n{client_data}\nAA\nAQ\n");
        let read = Response::of_assertion(&lines).unwrap();
        assert_eq!(
            (read.authenticator_data(), read.signature()),
            (Ok(vec![0]), Ok(vec![1]))
        );
        assert_eq!(read.user_handle(), Ok(None));
        assert!(read.attestation_object().is_err() && read.transports() == Ok(vec![]));
        assert_eq!(
            Response::of_assertion(&(lines.clone() + "AAE=")).unwrap().user_handle(),
            Ok(Some(vec![0, 1]))
        );
        for wrong in [
            "",
            &(lines.clone() + "\n"),
            &lines[..lines.len() - 1],
            &lines.replacen(ID, "AA", 1),
            &lines.replacen(ID, "A", 2),
        ] {
            let read = Response::of_assertion(wrong).and_then(|read| read.signature());
            assert_eq!(read, Err(Reason::Malformed), "{wrong}");
        }
        assert!(Response::of_assertion(&response()).is_ok());

        let lines = format!("{ID}\n{ID}\n{client_data}\nAQ\nusb,nfc,usb,\n{{\"credProps\":{{\"rk\":true}}}}");
        let read = Response::of_registration(&lines).unwrap();
        assert_eq!(
            (read.attestation_object(), read.discoverable()),
            (Ok(vec![1]), Ok(Some(true)))
        );
        assert_eq!(read.transports().unwrap(), ["usb", "nfc"]);
        let none = lines
            .replace("usb,nfc,usb,", "")
            .replace(r#"{"credProps":{"rk":true}}"#, "null");
        let read = Response::of_registration(&none).unwrap();
        assert_eq!((read.transports(), read.discoverable()), (Ok(vec![]), Ok(None)));
        for odd in [",", "usb,,", "u b,usb,", "<b>,"] {
            let lines = lines.replace("usb,nfc,usb,", odd);
            let read = Response::of_registration(&lines).unwrap();
            let kept: &[&str] = if odd.contains("usb") { &["usb"] } else { &[] };
            assert_eq!(read.transports().unwrap(), kept, "{odd}");
        }
        assert!(Response::of_registration(&response()).is_ok());
    }

    #[test]
    fn user_handles_and_transports() {
        let handle = |json: &str| {
            Response::parse(&response().replace(r#""signature""#, json))
                .unwrap()
                .user_handle()
        };
        assert_eq!(handle(r#""userHandle":null,"signature""#), Ok(None));
        assert_eq!(handle(r#""userHandle":"","signature""#), Ok(None));
        assert_eq!(handle(r#""userHandle":"AAE","signature""#), Ok(Some(vec![0, 1])));
        assert_eq!(handle(r#""userHandle":"AAE=","signature""#), Ok(Some(vec![0, 1])));
        assert_eq!(handle(r#""userHandle":"AAE==","signature""#), Err(Reason::Malformed));
        assert_eq!(handle(r#""userHandle":7,"signature""#), Err(Reason::Malformed));
        let transports = |json: &str| {
            let json = response().replace(r#""signature""#, &format!(r#""transports":{json},"signature""#));
            Response::parse(&json).and_then(|parsed| parsed.transports())
        };
        assert_eq!(
            transports(r#"["usb","nfc","usb","smart-card","new"]"#).unwrap(),
            ["usb", "nfc", "smart-card", "new"]
        );
        assert_eq!(transports("null"), Ok(vec![]));
        assert_eq!(transports(r#"["<b>","","usb","a b"]"#).unwrap(), ["usb"]);
        assert_eq!(transports(&format!(r#"["{}"]"#, "a".repeat(33))), Ok(vec![]));
        assert_eq!(transports("[1]"), Err(Reason::Malformed));
        let distinct = |count: usize| {
            let names: Vec<_> = (0..count).map(|number| format!("\"{number:x}\"")).collect();
            transports(&format!("[{}]", names.join(",")))
        };
        assert_eq!(distinct(MAX_TRANSPORTS).unwrap().len(), MAX_TRANSPORTS);
        assert_eq!(distinct(MAX_TRANSPORTS + 1), distinct(MAX_TRANSPORTS));
        let began = std::time::Instant::now();
        assert_eq!(distinct(9000), distinct(MAX_TRANSPORTS));
        assert!(began.elapsed().as_millis() < 500, "{:?}", began.elapsed());
    }

    #[test]
    fn sizes_and_challenges_have_bounds() {
        let padding = " ".repeat(MAX_RESPONSE - response().len());
        assert!(peek(&(response() + &padding)).is_ok());
        assert_eq!(peek(&(response() + &padding + " ")), Err(Reason::Malformed));
        for challenge in [
            "A".repeat(42),
            "A".repeat(45),
            "A".repeat(74),
            "A".repeat(77),
            "=".repeat(43),
            "+".repeat(43),
        ] {
            let client_data = format!(r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"o"}}"#);
            let json = format!(
                r#"{{"id":"AA","rawId":"AA","type":"public-key","response":{{"clientDataJSON":"{}"}}}}"#,
                BASE64URL_NOPAD.encode(client_data.as_bytes())
            );
            assert_eq!(peek(&json), Err(Reason::Malformed), "{challenge}");
        }
    }
}
