//! A JSON object whose members can be cut, repeated, renamed and swapped, since it is no map.

use super::{Random, mutate_text};

/// Members in order, a name as often as it stands there.
#[derive(Clone)]
pub struct Members(pub Vec<(String, Part)>);

#[derive(Clone)]
pub enum Part {
    /// JSON text, whatever it says.
    Text(String),
    Object(Members),
}

/// Of the wrong type, or of the right one and wrong.
const VALUES: [&str; 14] = [
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1e400",
    r#""""#,
    r#""AA""#,
    "[]",
    "[null]",
    "{}",
    r#"{"a":1,"a":1}"#,
    r#""\ud800""#,
    "",
];
const JSON: &str = "{}[]\",:\\ \n\0u0eE+-.019nulltruefalse\u{e9}\u{feff}\u{1f511}";

impl Members {
    pub fn text(&self) -> String {
        let members: Vec<_> = (self.0.iter())
            .map(|(name, part)| format!("\"{name}\":{}", part.text()))
            .collect();
        format!("{{{}}}", members.join(","))
    }

    pub fn get(&self, name: &str) -> &Part {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, part)| part)
            .unwrap()
    }

    pub fn object(&mut self, name: &str) -> &mut Members {
        match self.part(name) {
            Part::Object(members) => members,
            Part::Text(_) => unreachable!(),
        }
    }

    pub fn set(&mut self, name: &str, json: impl Into<String>) {
        *self.part(name) = Part::Text(json.into());
    }

    fn part(&mut self, name: &str) -> &mut Part {
        let found = self.0.iter_mut().find(|(known, _)| known == name);
        found.map(|(_, part)| part).unwrap()
    }

    /// Bends one member of this object or of one inside it.
    pub fn mutate(&mut self, random: &mut Random) {
        let (place, other) = (random.below(self.0.len()), random.below(self.0.len()));
        if self.0.is_empty() {
            return self.0.push(("new".into(), Part::Text((*random.pick(&VALUES)).into())));
        }
        if let (_, Part::Object(inner)) = &mut self.0[place]
            && !random.one_in(3)
        {
            return inner.mutate(random);
        }
        match random.below(9) {
            0 => drop(self.0.remove(place)),
            1 => self.0.insert(other, self.0[place].clone()),
            2 => self.0.swap(place, other),
            3 => self.0[place].0 = mutate_text(random, &self.0[place].0, "aA_\\\" "),
            4 => {
                let value = std::mem::replace(&mut self.0[place].1, Part::Text(String::new()));
                self.0[place].1 = std::mem::replace(&mut self.0[other].1, value);
            }
            5 => self.0[place].1 = self.0[other].1.clone(),
            6 => self.0[place].1 = Part::Text((*random.pick(&VALUES)).into()),
            7 => {
                let name = *random.pick(&["new", "__proto__", "id", "rawid", "Type", "challenge"]);
                self.0
                    .insert(place, (name.into(), Part::Text((*random.pick(&VALUES)).into())));
            }
            _ => self.0[place].1 = Part::Text(mutate_text(random, &self.0[place].1.text(), JSON)),
        }
    }
}

impl Part {
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Object(members) => members.text(),
        }
    }
}
