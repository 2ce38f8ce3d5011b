//! Compression is an offer, not a condition.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, AcceptEncoding, Encoding, Header},
    middleware::Next,
};

/// Forgets an `Accept-Encoding` that nothing of ours satisfies, not even a plain answer: actix would refuse the request
/// with a text of its own, and RFC 9110 section 12.5.3 lets us answer plainly instead.
pub(crate) async fn plain_at_worst(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let ours = [Encoding::identity(), Encoding::brotli(), Encoding::gzip(), Encoding::deflate()];
    if AcceptEncoding::parse(&request).is_ok_and(|accepted| accepted.negotiate(ours.iter()).is_none()) {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    next.call(request).await
}
