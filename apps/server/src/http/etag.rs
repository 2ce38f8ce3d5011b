//! Versions as entity tags (RFC 9110 section 8.8.3).

use actix_web::{
    HttpRequest,
    http::header::{self, ETag, EntityTag, Header, IfMatch, IfNoneMatch},
};

/// The tag of a version.
pub(crate) fn tag(version: u32) -> ETag {
    ETag(EntityTag::new_strong(version.to_string()))
}

/// The versions `If-Match` accepts; none when any will do. What is no tag of ours matches nothing.
pub(crate) fn if_match(request: &HttpRequest) -> Option<Vec<u32>> {
    Some(if_match_tags(request)?.iter().filter_map(|tag| tag.parse().ok()).collect())
}

/// The strong tags `If-Match` accepts; none when any will do.
pub(crate) fn if_match_tags(request: &HttpRequest) -> Option<Vec<String>> {
    if !request.headers().contains_key(header::IF_MATCH) {
        return None;
    }
    match IfMatch::parse(request) {
        Ok(IfMatch::Any) => None,
        Ok(IfMatch::Items(tags)) => {
            let strong = tags.iter().filter(|tag| !tag.weak);
            Some(strong.map(|tag| tag.tag().to_owned()).collect())
        }
        Err(_syntax) => Some(Vec::new()),
    }
}

/// Whether the client has this version already.
pub(crate) fn is_known(request: &HttpRequest, version: u32) -> bool {
    has(request, &tag(version).0)
}

/// Whether the client has what `ours` tags (`If-None-Match`).
pub(crate) fn has(request: &HttpRequest, ours: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => request.headers().contains_key(header::IF_NONE_MATCH),
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(ours)),
        Err(_syntax) => false,
    }
}
