//! Parts of what is read (RFC 9110 section 14).

use std::ops::Range;

use actix_web::{
    HttpRequest,
    http::header::{self, ByteRangeSpec, EntityTag, Header as _, IfRange},
};

/// What a request wants of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it.
    All,
    /// These bytes of it, which are there.
    Part(Range<u64>),
    /// Bytes that are not there.
    Nothing,
}

/// What a request wants of something that has `size` bytes and this tag. One range is understood. Whoever asks for several,
/// or for something that is no range, or has a part of something else, gets all of it, which is always right.
pub(crate) fn wanted(request: &HttpRequest, tag: &EntityTag, size: u64) -> Wanted {
    if !is_of_this(request, tag) || !request.headers().contains_key(header::RANGE) {
        return Wanted::All;
    }
    let Ok(header::Range::Bytes(specs)) = header::Range::parse(request) else { return Wanted::All };
    let [spec] = specs.as_slice() else { return Wanted::All };
    if matches!(spec, ByteRangeSpec::FromTo(from, to) if from > to) {
        return Wanted::All;
    }
    match spec.to_satisfiable_range(size) {
        Some((first, last)) => Wanted::Part(first..last + 1),
        None => Wanted::Nothing,
    }
}

/// Whether what the client has a part of, if it says so, is this. Nothing here has a date that would tell.
fn is_of_this(request: &HttpRequest, tag: &EntityTag) -> bool {
    if !request.headers().contains_key(header::IF_RANGE) {
        return true;
    }
    matches!(IfRange::parse(request), Ok(IfRange::EntityTag(theirs)) if theirs.strong_eq(tag))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn of_ten(headers: &[(&'static str, &str)]) -> Wanted {
        let mut request = TestRequest::get();
        for header in headers {
            request = request.insert_header(*header);
        }
        wanted(&request.to_http_request(), &EntityTag::new_strong("a".to_owned()), 10)
    }

    #[test]
    fn one_range_is_understood() {
        assert_eq!(of_ten(&[]), Wanted::All);
        for (range, part) in
            [("bytes=0-3", 0..4), ("bytes=4-", 4..10), ("bytes=-3", 7..10), ("bytes=8-99", 8..10), ("bytes=-99", 0..10)]
        {
            assert_eq!(of_ten(&[("range", range)]), Wanted::Part(part), "{range}");
        }
        for range in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            assert_eq!(of_ten(&[("range", range)]), Wanted::Nothing, "{range}");
        }
        for range in ["bytes=3-1", "bytes=0-1,4-5", "bytes=x", "lines=0-1", ""] {
            assert_eq!(of_ten(&[("range", range)]), Wanted::All, "{range}");
        }
    }

    #[test]
    fn a_part_of_something_else_is_not_completed() {
        let part = Wanted::Part(4..10);
        for (validator, expected) in [
            ("\"a\"", part),
            ("\"b\"", Wanted::All),
            ("W/\"a\"", Wanted::All),
            ("Sat, 01 Jan 2030 12:00:00 GMT", Wanted::All),
            ("", Wanted::All),
        ] {
            assert_eq!(of_ten(&[("range", "bytes=4-"), ("if-range", validator)]), expected, "{validator}");
        }
    }
}
