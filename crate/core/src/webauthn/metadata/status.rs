//! What FIDO reports of a model (Metadata Service 3.1, 3.1.3 and 3.1.4).

use serde::{Deserialize, Serialize};

use super::date::Date;

/// `AuthenticatorStatus`. The values that decide nothing here are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    NotFidoCertified,
    SelfAssertionSubmitted,
    /// Before there were levels.
    FidoCertified,
    #[serde(rename = "FIDO_CERTIFIED_L1")]
    L1,
    #[serde(rename = "FIDO_CERTIFIED_L1plus")]
    L1Plus,
    #[serde(rename = "FIDO_CERTIFIED_L2")]
    L2,
    #[serde(rename = "FIDO_CERTIFIED_L2plus")]
    L2Plus,
    #[serde(rename = "FIDO_CERTIFIED_L3")]
    L3,
    #[serde(rename = "FIDO_CERTIFIED_L3plus")]
    L3Plus,
    UserVerificationBypass,
    AttestationKeyCompromise,
    UserKeyRemoteCompromise,
    UserKeyPhysicalCompromise,
    Retired,
    Revoked,
    /// Such as `UPDATE_AVAILABLE`, which concerns old firmware alone, or one that is not known yet.
    #[serde(other)]
    Other,
}

/// The level of a certification by FIDO, the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Certification {
    L1,
    #[serde(rename = "L1+")]
    L1Plus,
    L2,
    #[serde(rename = "L2+")]
    L2Plus,
    L3,
    #[serde(rename = "L3+")]
    L3Plus,
}

impl Status {
    /// Whether a model with this status must not be used.
    pub fn is_undesired(self) -> bool {
        matches!(
            self,
            Self::UserVerificationBypass
                | Self::AttestationKeyCompromise
                | Self::UserKeyRemoteCompromise
                | Self::UserKeyPhysicalCompromise
                | Self::Retired
                | Self::Revoked
        )
    }

    /// Whether it says if the model is certified.
    fn is_of_certification(self) -> bool {
        !self.is_undesired() && self != Self::Other
    }

    fn certification(self) -> Option<Certification> {
        match self {
            Self::FidoCertified | Self::L1 => Some(Certification::L1),
            Self::L1Plus => Some(Certification::L1Plus),
            Self::L2 => Some(Certification::L2),
            Self::L2Plus => Some(Certification::L2Plus),
            Self::L3 => Some(Certification::L3),
            Self::L3Plus => Some(Certification::L3Plus),
            _ => None,
        }
    }
}

/// A `StatusReport`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub status: Status,
    /// `effectiveDate`
    pub from: Option<Date>,
    /// `sunsetDate`
    pub until: Option<Date>,
    /// The identifiers of the keys whose batch it concerns. Without any, it concerns the whole model.
    pub batch: Vec<[u8; 20]>,
}

impl Report {
    fn is_in_effect(&self, today: Date) -> bool {
        self.from.is_none_or(|from| from <= today) && self.until.is_none_or(|until| today < until)
    }

    fn concerns(&self, keys: &[[u8; 20]]) -> bool {
        self.batch.is_empty() || self.batch.iter().any(|key| keys.contains(key))
    }
}

/// A status that forbids a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Undesired {
    pub status: Status,
    /// Since when, if the report says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
}

/// The first undesired status in effect that concerns an authenticator whose attestation has these keys. The order of
/// the reports says nothing: a revoked model may have a later report of another kind.
pub fn undesired(reports: &[Report], today: Date, keys: &[[u8; 20]]) -> Option<Undesired> {
    let found = reports
        .iter()
        .find(|report| report.status.is_undesired() && report.is_in_effect(today) && report.concerns(keys));
    found.map(|report| Undesired {
        status: report.status,
        since: report.from,
    })
}

/// The level that the newest report of a certification in effect gives. Of the same day, the later element counts.
pub fn certification(reports: &[Report], today: Date) -> Option<Certification> {
    let of_certification = reports
        .iter()
        .filter(|report| report.status.is_of_certification() && report.is_in_effect(today));
    of_certification
        .max_by_key(|report| report.from)?
        .status
        .certification()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[allow(clippy::unnecessary_wraps, reason = "reports may have no date")]
    fn day(text: &str) -> Option<Date> {
        Some(Date::parse(text).unwrap())
    }

    fn report(status: Status, from: Option<Date>, until: Option<Date>) -> Report {
        Report {
            status,
            from,
            until,
            batch: Vec::new(),
        }
    }

    #[test]
    fn an_undesired_status_counts_wherever_it_stands() {
        let today = Date::parse("2026-06-01").unwrap();
        let certified = || report(Status::L2, day("2026-01-01"), None);
        for status in [
            Status::UserVerificationBypass,
            Status::AttestationKeyCompromise,
            Status::UserKeyRemoteCompromise,
            Status::UserKeyPhysicalCompromise,
            Status::Retired,
            Status::Revoked,
        ] {
            let bad = || report(status, day("2025-01-01"), None);
            let expected = Some(Undesired {
                status,
                since: day("2025-01-01"),
            });
            assert_eq!(undesired(&[bad(), certified()], today, &[]), expected);
            assert_eq!(undesired(&[certified(), bad()], today, &[]), expected);
        }
        for status in [Status::Other, Status::NotFidoCertified, Status::SelfAssertionSubmitted] {
            let report = report(status, day("2025-01-01"), None);
            assert_eq!(undesired(&[report], today, &[]), None, "{status:?}");
        }
    }

    #[test]
    fn reports_begin_and_end() {
        let today = Date::parse("2026-06-01").unwrap();
        let is_revoked = |from, until| undesired(&[report(Status::Revoked, from, until)], today, &[]).is_some();
        assert!(is_revoked(None, None));
        assert!(is_revoked(day("2026-06-01"), None), "from this day on");
        assert!(!is_revoked(day("2026-06-02"), None), "from tomorrow on");
        assert!(is_revoked(None, day("2026-06-02")), "until tomorrow");
        assert!(!is_revoked(None, day("2026-06-01")), "until today");
    }

    #[test]
    fn a_batch_is_not_the_whole_model() {
        let today = Date::parse("2026-06-01").unwrap();
        let reports = [Report {
            batch: vec![[1; 20], [2; 20]],
            ..report(Status::AttestationKeyCompromise, None, None)
        }];
        assert!(undesired(&reports, today, &[[9; 20], [2; 20]]).is_some());
        assert!(undesired(&reports, today, &[[9; 20]]).is_none());
        assert!(undesired(&reports, today, &[]).is_none());
    }

    #[test]
    fn the_newest_certification_counts() {
        let today = Date::parse("2026-06-01").unwrap();
        let of = |reports: &[(Status, &str)]| {
            let reports: Vec<_> = reports
                .iter()
                .map(|(status, from)| report(*status, day(from), None))
                .collect();
            certification(&reports, today)
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(Status::FidoCertified, "2020-01-01")]), Some(Certification::L1));
        let (l1, l2) = ((Status::L1, "2020-01-01"), (Status::L2, "2021-01-01"));
        assert_eq!(of(&[l1, l2]), Some(Certification::L2));
        assert_eq!(of(&[l2, l1]), Some(Certification::L2), "by date, not by place");
        let same_day = (Status::L3Plus, "2021-01-01");
        assert_eq!(of(&[l2, same_day]), Some(Certification::L3Plus), "the later element");
        assert_eq!(of(&[same_day, l2]), Some(Certification::L2));
        assert_eq!(of(&[l2, (Status::NotFidoCertified, "2022-01-01")]), None, "it ended");
        assert_eq!(of(&[l2, (Status::Other, "2022-01-01")]), Some(Certification::L2));
        assert_eq!(
            of(&[l2, (Status::L3, "2027-01-01")]),
            Some(Certification::L2),
            "not yet"
        );
        let ended = report(Status::L3, day("2022-01-01"), day("2023-01-01"));
        let older = report(Status::L1, day("2020-01-01"), None);
        assert_eq!(certification(&[older, ended], today), Some(Certification::L1));
        assert!(Certification::L1 < Certification::L1Plus && Certification::L2Plus < Certification::L3);
    }

    #[test]
    fn statuses_read_as_the_metadata_spells_them() {
        let read = |text: &str| serde_json::from_str::<Status>(&format!("\"{text}\"")).unwrap();
        assert_eq!(read("FIDO_CERTIFIED_L1plus"), Status::L1Plus);
        assert_eq!(read("FIDO_CERTIFIED"), Status::FidoCertified);
        assert_eq!(read("USER_KEY_PHYSICAL_COMPROMISE"), Status::UserKeyPhysicalCompromise);
        assert_eq!(read("UPDATE_AVAILABLE"), Status::Other);
        assert_eq!(read("SOMETHING_NEW"), Status::Other);
        assert_eq!(serde_json::to_string(&Certification::L2Plus).unwrap(), r#""L2+""#);
    }
}
