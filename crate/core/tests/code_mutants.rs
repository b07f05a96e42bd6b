//! Key URIs, typed codes and recovery codes, bent everywhere: what is read is what stands there, and nothing near a
//! right code is right.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod mutants_support;

use countersign_core::recovery_codes::{RecoverySet, Used};
use countersign_core::totp::key_uri::OtpauthUri;
use countersign_core::totp::{Algorithm, Checked, Totp, TypedCode, Window};
use data_encoding::BASE32_NOPAD;
use mutants_support::{Random, mutate_text, share};

const URIS: [&str; 4] = [
    "otpauth://totp/Example%20Co:ann%40example%2Eorg?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
        &digits=6&algorithm=SHA1&period=30&issuer=Example%20Co",
    "otpauth://totp/ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA&digits=8&algorithm=SHA256&period=60",
    "otpauth://totp/%C3%A9:%F0%9F%94%91?issuer=%C3%A9&secret=gezd-gnbv%20GY3T%3D",
    "otpauth://totp/?secret=GEZDGNBVGY3TQOJQ&digits=10&algorithm=sha512&period=4294967295",
];
const URI: &str = "otpauth:/?&=%20+-_.~aZ29#\u{e9}\0";
const VALUES: [&str; 24] = [
    "",
    "0",
    "1",
    "5",
    "6",
    "8",
    "9",
    "10",
    "11",
    "06",
    "+6",
    "-6",
    " 6",
    "6 ",
    "262",
    "4294967302",
    "4294967296",
    "SHA1",
    "SHA-1",
    "md5",
    "sha256",
    "GEZDGNBV",
    "GEZDGNB",
    "%00",
];
const CODES: &str = "0123456789\u{ff11}\u{ff12}\u{ff13} -\u{a0}\u{3000}\taA+.\u{661}";
const HEX: &str = "0123456789abcdefABCDEF - \u{a0}\u{3000}gG_.\u{ff11}";

#[test]
fn key_uris() {
    let mut random = Random::new(1);
    let (mut read, mutants) = (0, share(20_000, 200_000));
    for _ in 0..mutants {
        let mut uri = (*random.pick(&URIS)).to_owned();
        for _ in 0..=random.below(2) {
            uri = bend_uri(&mut random, &uri);
        }
        for (parse, strict) in [
            (outside as fn(&str) -> Option<OtpauthUri>, false),
            (OtpauthUri::parse_stored, true),
        ] {
            if let Some(parsed) = parse(&uri) {
                judge_uri(&uri, &parsed, strict);
                read += 1;
            }
        }
    }
    assert!(read > mutants / 20, "{read}");
}

fn bend_uri(random: &mut Random, uri: &str) -> String {
    let Some((label, query)) = uri.split_once('?') else {
        return mutate_text(random, uri, URI);
    };
    let mut parameters: Vec<_> = query.split('&').map(str::to_owned).collect();
    let (place, other) = (random.below(parameters.len()), random.below(parameters.len()));
    match random.below(8) {
        0 => drop(parameters.remove(place)),
        1 => parameters.insert(other, parameters[place].clone()),
        2 => parameters.swap(place, other),
        3 | 4 => {
            let name = parameters[place].split('=').next().unwrap().to_owned();
            parameters[place] = format!("{name}={}", random.pick(&VALUES));
        }
        5 => {
            let name = *random.pick(&["counter", "image", "Secret", "encoder", ""]);
            parameters.insert(place, format!("{name}=1"));
        }
        _ => return mutate_text(random, uri, URI),
    }
    format!("{label}?{}", parameters.join("&"))
}

fn outside(uri: &str) -> Option<OtpauthUri> {
    OtpauthUri::parse(uri).ok()
}

/// Reads the URI by other means.
fn judge_uri(uri: &str, parsed: &OtpauthUri, stored: bool) {
    let trimmed = if stored { uri } else { uri.trim() };
    let (label, query) = trimmed.split_once('?').unwrap();
    let (query, fragment) = query.split_once('#').filter(|_| !stored).unwrap_or((query, ""));
    let query: Vec<_> = query
        .split('&')
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .map(|(name, value)| (if stored { name.into() } else { loose(name) }, value))
        .collect();
    let get = |wanted: &str| {
        let found: Vec<_> = query.iter().filter(|(name, _)| name == wanted).collect();
        assert!(found.len() < 2, "{uri}");
        let value = found.first().map(|(_, value)| unescape(value));
        value.filter(|value| stored || !value.trim().is_empty())
    };
    let known = ["secret", "digits", "algorithm", "period", "issuer"];
    assert!(
        !stored || query.iter().all(|(name, _)| known.contains(&name.as_str())),
        "{uri}"
    );
    assert_eq!(get("encoder"), None, "{uri}");
    let after = fragment.split('&').filter_map(|parameter| parameter.split_once('='));
    let decides = |name: &str| name == "encoder" || known.contains(&name);
    assert!(
        !after
            .into_iter()
            .any(|(name, value)| decides(&loose(name)) && !value.trim().is_empty()),
        "{uri}"
    );
    let blank = |one: &char| matches!(one, ' ' | '\t' | '\n' | '\r' | '-' | '=') || (!stored && *one == '+');
    let secret: String = get("secret").unwrap().chars().filter(|one| !blank(one)).collect();
    let secret = if stored {
        &secret
    } else {
        secret.trim_matches([
            '.', ',', ';', ':', '"', '\'', '`', '*', '(', ')', '[', ']', '{', '}', '<', '>',
        ])
    };
    assert_eq!(parsed.totp.secret(), base32(&secret.to_ascii_uppercase()), "{uri}");
    let number = |name: &str, standard: u32| get(name).map_or(standard, |value| value.trim().parse().unwrap());
    assert_eq!(u32::from(parsed.totp.digits()), number("digits", 6), "{uri}");
    assert_eq!(parsed.totp.period(), number("period", 30), "{uri}");
    let mut algorithm = get("algorithm").unwrap_or_else(|| "SHA1".into()).to_ascii_uppercase();
    if !stored {
        algorithm.retain(|one| one.is_ascii_alphanumeric());
        // `SHA2-512` is a spelling of it.
        if let Some(size) = algorithm.strip_prefix("SHA2").filter(|size| size.len() == 3) {
            algorithm = format!("SHA{size}");
        }
    }
    assert_eq!(parsed.totp.algorithm().name(), algorithm, "{uri}");
    assert!(
        parsed.totp.period() > 0 && (6..=if stored { 10 } else { 8 }).contains(&parsed.totp.digits()),
        "{uri}"
    );
    if !stored {
        let label = unescape(label.splitn(4, '/').nth(3).unwrap_or_default());
        let (prefix, account) = match label.split_once(':') {
            Some((prefix, account)) => (Some(prefix), account),
            None => (None, label.as_str()),
        };
        assert_eq!(parsed.account, account.trim_start_matches(' '), "{uri}");
        let issuer = get("issuer")
            .or(prefix.map(str::to_owned))
            .filter(|issuer| !issuer.is_empty());
        assert_eq!(parsed.issuer, issuer, "{uri}");
    }
    let text = parsed.to_text();
    let again = OtpauthUri::parse_stored(&text).unwrap();
    assert_eq!(again.to_text(), text);
    assert_eq!(
        (&again.account, &again.issuer),
        (&parsed.account, &parsed.issuer),
        "{uri}"
    );
}

/// A parameter's name in any case, encoded or not.
fn loose(name: &str) -> String {
    let hex = |rest: &str| rest.get(..2).is_some_and(|pair| u8::from_str_radix(pair, 16).is_ok());
    let readable = name.split('%').skip(1).all(|rest| hex(rest) && !rest.starts_with('+'));
    let bytes = if readable { bytes(name) } else { Vec::new() };
    let decoded = String::from_utf8(bytes).ok().filter(|decoded| !decoded.is_empty());
    decoded.unwrap_or_else(|| name.to_owned()).trim().to_ascii_lowercase()
}

fn unescape(text: &str) -> String {
    String::from_utf8(bytes(text)).unwrap()
}

fn bytes(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text);
    while let Some((plain, escaped)) = rest.split_once('%') {
        bytes.extend(plain.bytes());
        bytes.push(u8::from_str_radix(&escaped[..2], 16).unwrap());
        rest = &escaped[2..];
    }
    bytes.extend(rest.bytes());
    bytes
}

/// Left-over bits are dropped, as in files of older readers.
fn base32(symbols: &str) -> Vec<u8> {
    let mut padded = symbols.to_owned();
    while BASE32_NOPAD.decode_len(padded.len()).is_err() {
        padded.push('A');
    }
    let mut loose = BASE32_NOPAD.specification();
    loose.check_trailing_bits = false;
    let mut bytes = loose.encoding().unwrap().decode(padded.as_bytes()).unwrap();
    bytes.truncate(symbols.len() * 5 / 8);
    bytes
}

#[test]
fn typed_codes() {
    let mut random = Random::new(2);
    let at = 1_800_000_000;
    let (mut accepted, mutants) = (0, share(20_000, 200_000));
    for (algorithm, digits) in [(Algorithm::Sha1, 6), (Algorithm::Sha256, 8), (Algorithm::Sha512, 10)] {
        let totp = Totp::new(&random.bytes(32), algorithm, digits, 30).unwrap();
        let right: Vec<_> = (-1..=1).map(|step| totp.code(at + step * 30).to_string()).collect();
        for _ in 0..mutants / 3 {
            let mut typed = random.pick(&right).clone();
            for _ in 0..=random.below(3) {
                typed = mutate_text(&mut random, &typed, CODES);
            }
            let Some(code) = TypedCode::parse(&typed) else {
                continue;
            };
            let folded: String = typed.chars().filter_map(digit).collect();
            match totp.check(&code, at, Window::default(), None) {
                Checked::Accepted(step) => {
                    assert_eq!(totp.code(step * 30).as_str(), folded, "{typed:?}");
                    assert!(right.contains(&folded), "{typed:?}");
                    accepted += 1;
                }
                Checked::Wrong => assert!(!right.contains(&folded), "{typed:?}"),
                Checked::Reused => panic!("{typed:?}: nothing was used"),
            }
        }
    }
    assert!(accepted > mutants / 100, "{accepted}");
}

fn digit(character: char) -> Option<char> {
    match character {
        '0'..='9' => Some(character),
        '\u{ff10}'..='\u{ff19}' => char::from_u32(u32::from(character) - 0xff10 + 0x30),
        _ => None,
    }
}

#[test]
fn recovery_codes() {
    let mut random = Random::new(3);
    let (set, codes) = RecoverySet::create(&random.bytes(88), 0).unwrap();
    // Of the characters that the mutants have: what each stands for.
    let fold = |code: &str| -> String {
        let marks = ['.', ' ', '-', '\t', '\u{a0}', '\u{3000}', '\u{2013}', '\u{feff}'];
        let code = code.trim_matches(marks);
        // The number of a line.
        let kept = code
            .split_once('.')
            .filter(|(number, _)| {
                (1..=3).contains(&number.chars().count()) && number.chars().all(|one| digit(one).is_some())
            })
            .map_or(code, |(_, rest)| rest.trim_start_matches(marks))
            .chars();
        kept.filter(|typed| {
            !matches!(
                typed,
                ' ' | '-' | '\t' | '\u{a0}' | '\u{3000}' | '\u{2013}' | '\u{feff}' | '_'
            )
        })
        .map(|typed| match typed {
            'o' | 'O' => '0',
            'i' | 'I' | 'l' | 'L' | '|' => '1',
            '\u{ff10}'..='\u{ff19}' => char::from(b'0' + u8::try_from(u32::from(typed) - 0xff10).unwrap()),
            _ => typed.to_ascii_lowercase(),
        })
        .collect()
    };
    let (mut accepted, mutants) = (0, share(10_000, 100_000));
    for _ in 0..mutants {
        let mut typed = random.pick(&codes).to_string();
        for _ in 0..=random.below(3) {
            typed = mutate_text(&mut random, &typed, HEX);
        }
        let mut fresh = set.clone();
        let right = codes.iter().position(|code| fold(code) == fold(&typed));
        match fresh.use_code(&typed) {
            Used::Accepted { index, left } => {
                assert_eq!((Some(index), left), (right, 9), "{typed:?}");
                assert_eq!(fresh.use_code(&typed), Used::Wrong, "{typed:?}: twice");
                accepted += 1;
            }
            Used::Wrong | Used::Malformed => {
                assert_eq!(right, None, "{typed:?}");
                assert_eq!(fresh.left(), 10);
            }
        }
    }
    assert!(accepted > mutants / 100, "{accepted}");
}
