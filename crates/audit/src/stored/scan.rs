//! Documents in canonical form, from their text to their bytes, without anything built in between.
//!
//! This is for what this product writes, and declines everything else: numbers with fractions, escapes by number, members
//! that are there twice. What it declines is read and written by [`canonical`](crate::canonical()), which knows all of it.

/// None: it is not sure, and has left something half written behind.
pub(super) type Sure = Option<()>;

/// Documents within documents that are followed. Deeper ones are declined.
const DEPTH: u8 = 24;
/// Digits that no whole number beyond 2⁵³ - 1 has.
const DIGITS: usize = 15;

/// What is needed on the way, kept from one document to the next.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    /// Of the objects that are not closed yet: where in the output their members are.
    members: Vec<Member>,
    /// Members on their way into order.
    aside: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    /// Where its name begins, behind the quote.
    name: usize,
    /// Where the quote behind it is.
    behind_name: usize,
    /// Where its value ends.
    end: usize,
}

impl Scanner {
    /// Writes the document in `text`.
    pub(super) fn document(&mut self, text: &str, out: &mut Vec<u8>) -> Sure {
        self.members.clear();
        let mut scan = Scan { text: text.as_bytes(), at: 0, scanner: self };
        scan.skip_blanks();
        scan.value(out, DEPTH)?;
        scan.skip_blanks();
        (scan.at == scan.text.len()).then_some(())
    }
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    scanner: &'t mut Scanner,
}

impl Scan<'_> {
    fn next(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn value(&mut self, out: &mut Vec<u8>, depth: u8) -> Sure {
        match self.next()? {
            b'"' => self.string(out),
            b'{' => self.object(out, depth.checked_sub(1)?),
            b'[' => self.array(out, depth.checked_sub(1)?),
            b'n' => self.word(b"null", out),
            b't' => self.word(b"true", out),
            b'f' => self.word(b"false", out),
            _ => self.number(out),
        }
    }

    fn word(&mut self, word: &[u8], out: &mut Vec<u8>) -> Sure {
        let rest = self.text.get(self.at..)?;
        out.extend_from_slice(rest.starts_with(word).then_some(word)?);
        self.at += word.len();
        Some(())
    }

    /// Whole numbers of few digits are written as they stand.
    fn number(&mut self, out: &mut Vec<u8>) -> Sure {
        let begin = self.at;
        self.at += usize::from(self.next()? == b'-');
        let digits = self.at;
        while self.next().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        let count = self.at - digits;
        let begins_with_zero = self.text.get(digits) == Some(&b'0');
        let is_zero = begins_with_zero && count == 1 && digits == begin;
        let is_plain = (1..=DIGITS).contains(&count) && (is_zero || !begins_with_zero);
        let has_more = matches!(self.next(), Some(b'.' | b'e' | b'E'));
        out.extend_from_slice((is_plain && !has_more).then(|| self.text.get(begin..self.at))??);
        Some(())
    }

    fn short_escape(&mut self) -> Sure {
        let escaped = self.text.get(self.at + 1)?;
        b"\"\\bfnrt".contains(escaped).then_some(())?;
        self.at += 2;
        Some(())
    }

    /// The short escapes are the canonical ones; others are declined.
    fn string(&mut self, out: &mut Vec<u8>) -> Sure {
        let begin = self.at;
        self.at += 1;
        loop {
            match self.next()? {
                b'"' => break,
                b'\\' => self.short_escape()?,
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        out.extend_from_slice(self.text.get(begin..self.at)?);
        Some(())
    }

    fn array(&mut self, out: &mut Vec<u8>, depth: u8) -> Sure {
        self.at += 1;
        out.push(b'[');
        self.skip_blanks();
        if self.next()? != b']' {
            loop {
                self.skip_blanks();
                self.value(out, depth)?;
                self.skip_blanks();
                match self.next()? {
                    b',' => out.push(b','),
                    b']' => break,
                    _ => return None,
                }
                self.at += 1;
            }
        }
        self.at += 1;
        out.push(b']');
        Some(())
    }

    fn object(&mut self, out: &mut Vec<u8>, depth: u8) -> Sure {
        self.at += 1;
        out.push(b'{');
        let first = self.scanner.members.len();
        self.skip_blanks();
        if self.next()? != b'}' {
            loop {
                self.member(out, depth)?;
                match self.next()? {
                    b',' => out.push(b','),
                    b'}' => break,
                    _ => return None,
                }
                self.at += 1;
            }
        }
        self.at += 1;
        self.scanner.put_in_order(first, out)?;
        out.push(b'}');
        Some(())
    }

    fn member(&mut self, out: &mut Vec<u8>, depth: u8) -> Sure {
        self.skip_blanks();
        let name = out.len() + 1;
        (self.next()? == b'"').then_some(())?;
        self.string(out)?;
        let behind_name = out.len() - 1;
        // In plain names the order of bytes is that of UTF-16.
        let is_plain = out.get(name..behind_name)?.iter().all(|byte| byte.is_ascii() && *byte != b'\\');
        self.skip_blanks();
        (is_plain && self.next()? == b':').then_some(())?;
        self.at += 1;
        out.push(b':');
        self.skip_blanks();
        self.value(out, depth)?;
        self.scanner.members.push(Member { name, behind_name, end: out.len() });
        self.skip_blanks();
        Some(())
    }
}

impl Scanner {
    /// Puts the members of an object, the last from number `first` on, into the order of their names.
    fn put_in_order(&mut self, first: usize, out: &mut Vec<u8>) -> Sure {
        let members = self.members.get_mut(first..)?;
        let name = |member: &Member| out.get(member.name..member.behind_name).unwrap_or_default();
        if !members.is_sorted_by(|one, next| name(one) < name(next)) {
            let begin = members.first()?.name - 1;
            members.sort_unstable_by(|one, other| name(one).cmp(name(other)));
            // Of two with one name the last one counts, says the reader of documents, and is let do it.
            members.windows(2).all(|two| matches!(two, [one, next] if name(one) != name(next))).then_some(())?;
            self.aside.clear();
            for member in &*members {
                self.aside.push(b',');
                self.aside.extend_from_slice(out.get(member.name - 1..member.end)?);
            }
            out.truncate(begin);
            out.extend_from_slice(self.aside.get(1..)?);
        }
        self.members.truncate(first);
        Some(())
    }
}
