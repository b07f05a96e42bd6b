//! The names in a file, however many, in little more memory than their bytes take.

/// Names in the order of the file.
#[derive(Default)]
pub struct Names {
    text: String,
    /// The end of each name in the text.
    ends: Vec<usize>,
}

impl Names {
    pub fn push(&mut self, name: &str) {
        self.text.push_str(name);
        self.ends.push(self.text.len());
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The positions, from 0, of all names that also occur earlier. Empty names are skipped.
    pub fn repeated(&self) -> Vec<usize> {
        let mut sorted: Vec<usize> = (0..self.len()).filter(|place| !self.get(*place).is_empty()).collect();
        sorted.sort_by(|one, other| self.get(*one).cmp(self.get(*other)));
        let pairs = sorted.windows(2).filter_map(|pair| match pair {
            [one, other] if self.get(*one) == self.get(*other) => Some(*other),
            _ => None,
        });
        pairs.collect()
    }

    fn get(&self, place: usize) -> &str {
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before));
        let (start, end) = (
            start.copied().unwrap_or_default(),
            self.ends.get(place).copied().unwrap_or_default(),
        );
        self.text.get(start..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_the_first_are_repeated() {
        let mut names = Names::default();
        for name in ["b", "", "a", "b", "ab", "", "a", "b"] {
            names.push(name);
        }
        assert_eq!(names.repeated(), [6, 3, 7]);
        assert!(Names::default().repeated().is_empty());
    }
}
