//! Does the time of a comparison tell where a code is wrong? Welch's t-test on interleaved measurements of two classes
//! of codes, as in "Dude, is my code constant time?" (Reparaz, Balasch and Verbauwhede, 2017).
//!
//! `cargo run --release --example constant_time -- [measurements of each pair]`: a table of t-values. How to read it
//! stands in docs/trust.md; a busy machine makes all of them larger.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss
)]

use std::hint::black_box;
use std::time::Instant;

use countersign_core::recovery_codes::RecoverySet;
use countersign_core::totp::{Algorithm, Totp, TypedCode, Window};

const AT: i64 = 1_800_000_000;

fn main() {
    let count = std::env::args()
        .nth(1)
        .map_or(1_000_000, |count| count.parse().expect("a number"));
    let totp = Totp::new(&[0x5a; 20], Algorithm::Sha1, 6, 30).unwrap();
    let check = |code: TypedCode| totp.check(&code, AT, Window::default(), None);
    let codes = |step: i64| totp.code(AT + step * 30).to_string();
    let typed = |code: &str| TypedCode::parse(code).unwrap();
    let right = codes(0);
    println!("{:58} {:>9} {:>7} {:>7}", "classes", "median", "diff", "max |t|");
    report(
        "TOTP: wrong in the first digit, in the last",
        count,
        check,
        [&|| typed(&wrong_at(&right, 0)), &|| typed(&wrong_at(&right, 5))],
    );
    report(
        "TOTP: wrong in every digit, right",
        count,
        check,
        [&|| typed(&right.chars().map(other).collect::<String>()), &|| {
            typed(&right)
        }],
    );
    report(
        "TOTP: right for the first step, for the last",
        count,
        check,
        [&|| typed(&codes(-1)), &|| typed(&codes(1))],
    );

    let (set, codes) = RecoverySet::create(&(0..88).collect::<Vec<u8>>(), 0).unwrap();
    let use_up = |(mut set, code): (RecoverySet, String)| {
        let used = set.use_code(&code);
        (set, used)
    };
    let with = |code: &str| (set.clone(), code.to_owned());
    report(
        "recovery: wrong in the first digit, in the last",
        count,
        use_up,
        [&|| with(&wrong_at(&codes[4], 0)), &|| with(&wrong_at(&codes[4], 18))],
    );
    report(
        "recovery: the first of the set, the last",
        count,
        use_up,
        [&|| with(&codes[0]), &|| with(&codes[9])],
    );
    report(
        "recovery: wrong, right",
        count,
        use_up,
        [&|| with(&wrong_at(&codes[4], 9)), &|| with(&codes[4])],
    );

    let secret = [7u8; 2048];
    let naive = |given: Vec<u8>| {
        secret
            .iter()
            .zip(&given)
            .position(|(left, right)| black_box(left) != right)
    };
    report(
        "control, a loop that leaves early: at byte 0, at 2,000",
        count / 10,
        naive,
        [&|| differing(&secret, 0), &|| differing(&secret, 2000)],
    );
    report(
        "control, the same class twice",
        count,
        check,
        [&|| typed(&right), &|| typed(&right)],
    );
}

/// Inputs that are made before any of them is measured: what has just made one would be in the time of the next.
const BATCH: usize = 4096;

/// Measures both classes in random order and prints what a watcher could tell them apart by.
fn report<I, O>(what: &str, count: usize, work: impl Fn(I) -> O, classes: [&dyn Fn() -> I; 2]) {
    let mut times = [Vec::new(), Vec::new()];
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut batch = Vec::with_capacity(BATCH);
    while times[0].len() + times[1].len() < 2 * count {
        for _ in 0..BATCH {
            // xorshift64 (Marsaglia, 2003).
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let class = usize::from(random >> 63 == 1);
            batch.push((class, classes[class]()));
        }
        for (class, input) in batch.drain(..) {
            let input = black_box(input);
            let start = Instant::now();
            let output = black_box(work(input));
            times[class].push(start.elapsed().as_nanos() as f64);
            drop(output);
        }
    }
    let mut all: Vec<f64> = times.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let median = all[all.len() / 2];
    let medians = times.clone().map(|mut class| {
        class.sort_by(f64::total_cmp);
        class[class.len() / 2]
    });
    // Interruptions have a long tail: the test is made below several bounds, and the worst one counts.
    let worst = [50, 75, 90, 95, 99, 100]
        .map(|percent| {
            let bound = all[(all.len() * percent / 100).min(all.len() - 1)];
            let below = |class: &[f64]| class.iter().copied().filter(|time| *time <= bound).collect::<Vec<_>>();
            welch(&below(&times[0]), &below(&times[1])).abs()
        })
        .into_iter()
        .fold(0.0, f64::max);
    println!(
        "{what:58} {median:>6} ns {:>4} ns {worst:>7.1}",
        medians[1] - medians[0]
    );
}

fn welch(left: &[f64], right: &[f64]) -> f64 {
    let mean = |times: &[f64]| times.iter().sum::<f64>() / times.len() as f64;
    let (a, b) = (mean(left), mean(right));
    let error = |times: &[f64], mean: f64| {
        let count = times.len() as f64;
        times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0) / count
    };
    let spread = (error(left, a) + error(right, b)).sqrt();
    if spread > 0.0 { (a - b) / spread } else { 0.0 }
}

fn wrong_at(code: &str, place: usize) -> String {
    code.char_indices()
        .map(|(at, digit)| if at == place { other(digit) } else { digit })
        .collect()
}

/// Another digit; a dash stays.
fn other(digit: char) -> char {
    match digit {
        '0'..='8' => char::from_u32(u32::from(digit) + 1).unwrap(),
        '-' => '-',
        _ => '0',
    }
}

fn differing(secret: &[u8], place: usize) -> Vec<u8> {
    let mut bytes = secret.to_vec();
    bytes[place] ^= 1;
    bytes
}
