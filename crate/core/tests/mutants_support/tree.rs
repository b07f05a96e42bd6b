//! A tree of JSON whose values can be bent, cut, repeated and swapped.

use serde_json::{Value, json};

use super::{Random, mutate_text};

const JSON: &str = "{}[]\",:\\ \n0eE+-.019aAzZ=\u{e9}";
/// A time in the far future, in seconds.
const LATER: i64 = 4_102_444_800;

/// The pointers of all that differs.
pub fn differences(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(before, after, String::new(), &mut found);
    found
}

fn collect(before: &Value, after: &Value, at: String, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
                let null = Value::Null;
                let at = format!("{at}/{}", escaped(name));
                collect(
                    old.get(name).unwrap_or(&null),
                    new.get(name).unwrap_or(&null),
                    at,
                    found,
                );
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (place, (old, new)) in old.iter().zip(new).enumerate() {
                collect(old, new, format!("{at}/{place}"), found);
            }
        }
        _ if before != after => found.push(at),
        _ => {}
    }
}

/// Bends one value of the tree, wherever it is.
pub fn bend(random: &mut Random, value: &mut Value) {
    let places = places(value, String::new());
    let place = random.pick(&places).clone();
    let other = value.pointer(random.pick(&places).as_str()).unwrap().clone();
    if random.one_in(4) {
        let (parent, name) = place.rsplit_once('/').unwrap_or_default();
        match value.pointer_mut(parent) {
            Some(Value::Object(members)) if random.one_in(4) => drop(members.insert("new".into(), other)),
            Some(Value::Object(members)) => drop(members.remove(name)),
            Some(Value::Array(items)) if !items.is_empty() => {
                let (from, to) = (random.below(items.len()), random.below(items.len()));
                match random.below(3) {
                    0 => drop(items.remove(from)),
                    1 => items.insert(to, items[from].clone()),
                    _ => items.swap(from, to),
                }
            }
            _ => {}
        }
        return;
    }
    let target = value.pointer_mut(&place).unwrap();
    *target = match (&*target, random.below(6)) {
        (_, 0) => other,
        (_, 1) => random
            .pick(&[
                json!(null),
                json!(true),
                json!(false),
                json!(0),
                json!(-1),
                json!(1e300),
                json!(""),
                json!([]),
                json!({}),
            ])
            .clone(),
        (Value::String(text), _) => json!(mutate_text(random, text, JSON)),
        (Value::Number(number), _) => {
            let number = number.as_i64().unwrap_or_default();
            let next = [
                number.wrapping_add(1),
                number.wrapping_sub(1),
                number.wrapping_neg(),
                number << 8,
            ];
            let far = [i64::MAX, i64::MIN, LATER];
            json!(if random.one_in(3) {
                *random.pick(&far)
            } else {
                *random.pick(&next)
            })
        }
        (Value::Bool(flag), _) => json!(!flag),
        (kept, _) => kept.clone(),
    };
}

/// The pointers of everything in the tree but its root.
fn places(value: &Value, at: String) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |name: &str, inner: &Value| {
        let place = format!("{at}/{}", escaped(name));
        found.push(place.clone());
        found.extend(places(inner, place));
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, inner)| add(name, inner)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(place, inner)| add(&place.to_string(), inner)),
        _ => {}
    }
    if found.is_empty() && at.is_empty() {
        vec![at]
    } else {
        found
    }
}

/// RFC 6901, 3.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
