//! A registration to this library and to webauthn-rs-core; the input decides what it is and how it is bent. None may be accepted
//! here alone, but for what the other lacks. A find prints the response and what was expected of it.
#![no_main]

use countersign_fuzz::differential::Verdict;
use countersign_fuzz::differential::registration::Question;
use countersign_fuzz::mutants_support::Random;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let question = Question::any(&mut Random::of_input(input));
    if let Verdict::Find(find) = question.verdict() {
        panic!("{find}");
    }
});
