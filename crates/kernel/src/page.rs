//! Lists in pages, by keyset and signed cursor.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Class, Classified, MacKey, TenantId, error_codes};

/// How many entries a page holds: 1 to 200, 50 unless asked otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

/// Not a number from 1 to 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a page holds 1 to 200 entries")]
pub struct InvalidLimit;

impl Limit {
    /// The largest page.
    pub const MAX: u16 = 200;

    /// Accepts a page size.
    pub fn parse(entries: i64) -> Result<Self, InvalidLimit> {
        match u16::try_from(entries) {
            Ok(entries @ 1..=Self::MAX) => Ok(Self(entries)),
            _ => Err(InvalidLimit),
        }
    }

    /// The number of entries.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// One more than asked for: a store that finds it knows that there is a next page, without counting.
    pub const fn with_one_ahead(self) -> u64 {
        // Widening; `From` is not const.
        self.0 as u64 + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries.
    pub data: Vec<T>,
    /// Where the next page begins; none on the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of rows that were read [with one ahead](Limit::with_one_ahead); `cursor` names the position of an
    /// entry.
    pub fn try_cut<E>(mut rows: Vec<T>, limit: Limit, cursor: impl FnOnce(&T) -> Result<String, E>) -> Result<Self, E> {
        let more = rows.len() > usize::from(limit.get());
        rows.truncate(usize::from(limit.get()));
        let next_cursor = rows.last().filter(|_| more).map(cursor).transpose()?;
        Ok(Self { data: rows, next_cursor })
    }

    /// The same page of other things.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { data: self.data.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }
}

/// How many entries a list has, when somebody asked: counted up to [`CAP`](Self::CAP), for nobody pages that far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// How many, but never more than [`CAP`](Self::CAP).
    pub count: u64,
    /// Whether there are more than that.
    pub is_capped: bool,
}

impl Total {
    /// The highest total there is.
    pub const CAP: u64 = 10_000;
    /// A store counts up to this many rows: one more than the cap, to know that there are more.
    pub const COUNT_UP_TO: u64 = Self::CAP + 1;

    /// The total of so many rows, counted up to [`COUNT_UP_TO`](Self::COUNT_UP_TO).
    pub const fn of(counted: u64) -> Self {
        let is_capped = counted > Self::CAP;
        Self { count: if is_capped { Self::CAP } else { counted }, is_capped }
    }
}

/// The cursor was not made by us, or for another list, other filters or another tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor does not belong to this list")]
pub struct InvalidCursor;

error_codes! {
    /// Codes of lists.
    pub mod page_codes {
        INVALID_CURSOR = "invalid_cursor", Malformed, "Invalid cursor",
            "Cursors are opaque: pass `page.next_cursor` of the previous page unchanged, with the same filters, sort and tenant.";
    }
}

impl Classified for InvalidCursor {
    fn class(&self) -> Class<'_> {
        Class::Code(&page_codes::INVALID_CURSOR)
    }
}

/// Makes cursors that only we can make, and that are good for one list of one tenant only.
#[derive(Debug, Clone)]
pub struct CursorSigner(MacKey);

const TAG_BYTES: usize = 16;

impl CursorSigner {
    /// Signs with a key derived from `root`.
    pub fn new(root: &MacKey) -> Self {
        Self(root.derive("cursor"))
    }

    /// The cursor of `position` in `list`: its name with everything that decides which rows it holds and their order.
    pub fn seal(&self, tenant: TenantId, list: &str, position: &impl Serialize) -> Result<String, serde_json::Error> {
        let position = serde_json::to_vec(position)?;
        let mut token = self.tag(tenant, list, &position).to_vec();
        token.extend_from_slice(&position);
        Ok(URL_SAFE_NO_PAD.encode(token))
    }

    /// The position in a cursor that [`seal`](Self::seal) made for the same tenant and list.
    pub fn open<P: DeserializeOwned>(&self, tenant: TenantId, list: &str, cursor: &str) -> Result<P, InvalidCursor> {
        let token = URL_SAFE_NO_PAD.decode(cursor).map_err(|_not_base64| InvalidCursor)?;
        let (tag, position) = token.split_at_checked(TAG_BYTES).ok_or(InvalidCursor)?;
        let expected = self.tag(tenant, list, position);
        if !bool::from(subtle::ConstantTimeEq::ct_eq(&expected[..], tag)) {
            return Err(InvalidCursor);
        }
        serde_json::from_slice(position).map_err(|_other_shape| InvalidCursor)
    }

    fn tag(&self, tenant: TenantId, list: &str, position: &[u8]) -> [u8; TAG_BYTES] {
        let full = self.0.tag(&[tenant.as_uuid().as_bytes(), list.as_bytes(), position]);
        std::array::from_fn(|index| full[index])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn signer() -> CursorSigner {
        CursorSigner::new(&MacKey::from_bytes([1; 32]))
    }

    #[test]
    fn limits_are_1_to_200_and_50_by_default() {
        assert_eq!(Limit::default().get(), 50);
        for good in [1, 50, 200] {
            assert_eq!(i64::from(Limit::parse(good).unwrap().get()), good);
        }
        for bad in [i64::MIN, -1, 0, 201, i64::MAX] {
            assert_eq!(Limit::parse(bad), Err(InvalidLimit), "{bad}");
        }
    }

    #[test]
    fn totals_end_at_ten_thousand() {
        assert_eq!(Total::of(10_000), Total { count: 10_000, is_capped: false });
        assert_eq!(Total::of(10_001), Total { count: 10_000, is_capped: true });
    }

    #[test]
    fn a_page_knows_that_more_follow_without_showing_them() {
        let two = Limit::parse(2).unwrap();
        let cut = |rows| Page::try_cut(rows, two, |last| Ok::<_, InvalidCursor>(format!("after {last}"))).unwrap();
        assert_eq!(cut(vec![1, 2, 3]), Page { data: vec![1, 2], next_cursor: Some("after 2".to_owned()) });
        assert_eq!(cut(vec![1, 2]).next_cursor, None);
        assert_eq!(cut(vec![]).next_cursor, None);
    }

    #[test]
    fn a_cursor_is_good_for_its_own_list_and_tenant_only() {
        let cursor = signer().seal(TenantId::MAIN, "sessions", &(5, "x")).unwrap();
        let other = TenantId::from_uuid(Uuid::from_u128(9));
        let open = |tenant, list| signer().open::<(i32, String)>(tenant, list, &cursor);
        assert_eq!(open(TenantId::MAIN, "sessions"), Ok((5, "x".to_owned())));
        assert_eq!(open(other, "sessions"), Err(InvalidCursor));
        assert_eq!(open(TenantId::MAIN, "users"), Err(InvalidCursor));
    }

    proptest! {
        #[test]
        fn every_position_survives(position: (i64, String)) {
            let cursor = signer().seal(TenantId::MAIN, "l", &position).unwrap();
            prop_assert_eq!(signer().open::<(i64, String)>(TenantId::MAIN, "l", &cursor), Ok(position));
        }

        #[test]
        fn no_text_of_a_stranger_opens(text in "\\PC{0,80}") {
            prop_assert_eq!(signer().open::<serde_json::Value>(TenantId::MAIN, "l", &text), Err(InvalidCursor));
        }

        #[test]
        fn one_changed_character_is_noticed(at in 0_usize..40, position: (i64, String)) {
            let cursor = signer().seal(TenantId::MAIN, "l", &position).unwrap();
            let mut forged: Vec<char> = cursor.chars().collect();
            let at = at % forged.len();
            forged[at] = if forged[at] == 'A' { 'B' } else { 'A' };
            let forged: String = forged.into_iter().collect();
            let opened = signer().open::<(i64, String)>(TenantId::MAIN, "l", &forged);
            // The last character of unpadded base64 may carry unused bits, which a strict decoder refuses anyway.
            prop_assert_eq!(opened, Err(InvalidCursor));
        }
    }
}
