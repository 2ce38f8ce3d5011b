//! Whether a document in canonical form is what it would be as one of our types: those leave out what they do not know, and
//! a document of which they would is declined.

use super::scan::Sure;

/// What is still to be looked at of a document in canonical form.
struct Rest<'t>(&'t [u8]);

/// `[{"id":…,"type":…},…]`, with strings.
pub(super) fn is_list_of_targets(canonical: &[u8]) -> bool {
    Rest::is_list(canonical, |rest| {
        rest.take(b"{\"id\":")?;
        rest.string()?;
        rest.take(b",\"type\":")?;
        rest.string()?;
        rest.take(b"}")
    })
}

/// `[{"new":…,"old":…,"path":…},…]`.
pub(super) fn is_diff(canonical: &[u8]) -> bool {
    Rest::is_list(canonical, |rest| {
        rest.take(b"{\"new\":")?;
        rest.value_of_diff()?;
        rest.take(b",\"old\":")?;
        rest.value_of_diff()?;
        rest.take(b",\"path\":")?;
        rest.string()?;
        rest.take(b"}")
    })
}

/// `{"ip":…,"user_agent":…}`, each of which may be missing.
pub(super) fn is_source(canonical: &[u8]) -> bool {
    let mut rest = Rest(canonical);
    let mut looked = || {
        rest.take(b"{")?;
        if rest.take(b"\"ip\":").is_some() {
            rest.personal()?;
            // Behind a comma there is another member, or it would not be a document.
            let _comma = rest.take(b",");
        }
        if rest.take(b"\"user_agent\":").is_some() {
            rest.personal()?;
        }
        rest.take(b"}")
    };
    looked().is_some() && rest.0.is_empty()
}

impl<'t> Rest<'t> {
    fn is_list(canonical: &'t [u8], mut item: impl FnMut(&mut Self) -> Sure) -> bool {
        let mut rest = Self(canonical);
        let mut looked = || {
            rest.take(b"[")?;
            if rest.take(b"]").is_some() {
                return Some(());
            }
            let mut goes_on = true;
            while goes_on {
                item(&mut rest)?;
                goes_on = rest.take(b",").is_some();
            }
            rest.take(b"]")
        };
        looked().is_some() && rest.0.is_empty()
    }

    fn take(&mut self, what: &[u8]) -> Sure {
        self.0 = self.0.strip_prefix(what)?;
        Some(())
    }

    fn string(&mut self) -> Option<&'t [u8]> {
        let inside = self.0.strip_prefix(b"\"")?;
        let mut at = 0;
        loop {
            match inside.get(at)? {
                b'"' => break,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        let (string, rest) = inside.split_at_checked(at)?;
        self.0 = rest.get(1..)?;
        Some(string)
    }

    /// A text, or a commitment to one.
    fn personal(&mut self) -> Sure {
        if self.take(b"{\"c\":").is_none() {
            return self.string().map(drop);
        }
        let digits = self.string()?;
        let is_digest = digits.len() == 64 && digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        is_digest.then_some(())?;
        self.take(b"}")
    }

    /// Anything but what might be taken for something that was withheld, and lose what it has besides: an object with such
    /// a member, or a list with one item, as which structures may be written too.
    fn value_of_diff(&mut self) -> Sure {
        for withheld in [b"{\"withheld\":true}".as_slice(), b"{\"withheld\":false}"] {
            if self.take(withheld).is_some() {
                return Some(());
            }
        }
        match self.0.first()? {
            b'"' => self.string().map(drop),
            b'{' | b'[' => self.compound(),
            _ => {
                let end = self.0.iter().position(|byte| *byte == b',')?;
                self.0 = self.0.get(end..)?;
                Some(())
            }
        }
    }

    fn compound(&mut self) -> Sure {
        let is_list = self.0.first() == Some(&b'[');
        let (mut depth, mut commas, mut is_empty) = (0_u32, 0_u32, true);
        loop {
            match *self.0.first()? {
                b'"' => {
                    let text = self.string()?;
                    is_empty = false;
                    (is_list || depth > 1 || text != b"withheld").then_some(())?;
                    continue;
                }
                b'{' | b'[' => {
                    is_empty &= depth == 0;
                    depth += 1;
                }
                b'}' | b']' => depth -= 1,
                b',' => commas += u32::from(depth == 1),
                _ => is_empty = false,
            }
            self.0 = self.0.get(1..)?;
            if depth == 0 {
                return (!is_list || is_empty || commas > 0).then_some(());
            }
        }
    }
}
