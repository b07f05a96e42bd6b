//! QR codes, as an SVG image for a page or as half blocks for a terminal.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code, as ISO 18004 asks for.
const QUIET_ZONE: usize = 4;

/// Draws an `<svg>` element. It is black on white in every theme, with one unit per module and no fixed size. `None` if
/// `text` is longer than a code can hold (about 2,300 bytes).
pub fn svg(text: &str) -> Option<String> {
    let modules = Modules::new(text)?;
    let size = modules.width + 2 * QUIET_ZONE;
    let mut path = String::new();
    for y in 0..modules.width {
        let mut x = 0;
        while x < modules.width {
            let run = (x..modules.width).take_while(|x| modules.is_dark(*x, y)).count();
            if run > 0 {
                // Writing to a String can't fail.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET_ZONE, y + QUIET_ZONE);
            }
            x += run + 1;
        }
    }
    Some(
        format!(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">"#)
            + &format!(r##"<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{path}"/></svg>"##),
    )
}

/// Draws lines of half blocks, with two rows of modules each. It uses black and white of the 256-colour palette, which
/// themes don't change. `None` as for [`svg`].
pub fn terminal(text: &str) -> Option<String> {
    let modules = Modules::new(text)?;
    let size = modules.width + 2 * QUIET_ZONE;
    let is_dark = |x: usize, y: usize| match (x.checked_sub(QUIET_ZONE), y.checked_sub(QUIET_ZONE)) {
        (Some(x), Some(y)) => modules.is_dark(x, y),
        _ => false,
    };
    let mut lines = String::new();
    for y in (0..size).step_by(2) {
        lines.push_str("\x1b[38;5;16;48;5;231m");
        for x in 0..size {
            lines.push(match (is_dark(x, y), is_dark(x, y + 1)) {
                (false, false) => ' ',
                (true, false) => '\u{2580}',
                (false, true) => '\u{2584}',
                (true, true) => '\u{2588}',
            });
        }
        lines.push_str("\x1b[0m\n");
    }
    Some(lines)
}

struct Modules {
    width: usize,
    colors: Vec<Color>,
}

impl Modules {
    fn new(text: &str) -> Option<Self> {
        // The lowest error correction: a screen isn't damaged like paper, and fewer modules are easier to scan.
        let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
        Some(Self {
            width: code.width(),
            colors: code.into_colors(),
        })
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.width && self.colors.get(y * self.width + x) == Some(&Color::Dark)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    /// The dark modules of version 1 with `text`, quiet zone included.
    fn expected(text: &str) -> Vec<Vec<bool>> {
        let code = QrCode::with_error_correction_level(text, EcLevel::L).unwrap();
        let size = code.width() + 2 * QUIET_ZONE;
        let mut rows = vec![vec![false; size]; size];
        for y in 0..code.width() {
            for x in 0..code.width() {
                rows[y + QUIET_ZONE][x + QUIET_ZONE] = code[(x, y)] == Color::Dark;
            }
        }
        rows
    }

    #[test]
    fn svg_draws_each_dark_module_once() {
        for text in [
            "HELLO WORLD",
            "otpauth://totp/ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        ] {
            let image = svg(text).unwrap();
            let rows = expected(text);
            assert!(image.starts_with("<svg ") && image.contains(&format!("viewBox=\"0 0 {0} {0}\"", rows.len())));
            let path = image
                .rsplit_once(" d=\"")
                .unwrap()
                .1
                .strip_suffix("\"/></svg>")
                .unwrap();
            let mut drawn = vec![vec![false; rows.len()]; rows.len()];
            for part in path.split_terminator('z') {
                let numbers: Vec<usize> = part
                    .split(|c: char| !c.is_ascii_digit())
                    .filter_map(|part| part.parse().ok())
                    .collect();
                let [x, y, width, 1, back] = numbers[..] else {
                    unreachable!("{part}")
                };
                assert_eq!(width, back);
                for module in &mut drawn[y][x..x + width] {
                    assert!(!std::mem::replace(module, true));
                }
            }
            assert_eq!(drawn, rows);
        }
    }

    #[test]
    fn terminal_draws_every_module() {
        let text = "otpauth://totp/ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let rows = expected(text);
        let mut drawn: Vec<Vec<bool>> = Vec::new();
        for line in terminal(text).unwrap().lines() {
            let blocks = line
                .strip_prefix("\x1b[38;5;16;48;5;231m")
                .unwrap()
                .strip_suffix("\x1b[0m")
                .unwrap();
            drawn.push(blocks.chars().map(|block| "▀█".contains(block)).collect());
            drawn.push(blocks.chars().map(|block| "▄█".contains(block)).collect());
        }
        // An odd number of rows leaves half a light one.
        assert!(drawn.pop().unwrap().iter().all(|dark| !dark));
        assert_eq!(drawn, rows);
    }

    #[test]
    fn text_that_no_code_holds() {
        assert!(svg(&"x".repeat(2300)).is_some());
        assert!(svg(&"x".repeat(3000)).is_none() && terminal(&"x".repeat(3000)).is_none());
        assert!(svg("").is_some());
    }
}
