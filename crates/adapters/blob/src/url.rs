//! Where files are, as one line of configuration.

use std::{fmt, path::PathBuf};

use ashlar_kernel::Secret;
use url::Url;

/// `file:<folder>`, or `s3://<bucket>/<prefix>?endpoint=<url>&region=<name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobUrl {
    /// A folder, which is made when there is something to put in.
    Folder(PathBuf),
    /// A bucket, which has to be there.
    S3(Bucket),
}

/// A bucket of an S3-compatible store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What the names of all our files begin with, so that it may be shared.
    pub prefix: String,
    /// The store, if it is not Amazon's.
    pub endpoint: Option<Url>,
    /// Where it is.
    pub region: String,
}

/// With what a bucket is opened.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The access key, which is no secret.
    pub access_key: String,
    /// The secret that belongs to it.
    pub secret_key: Secret,
}

/// Why a text is no [`BlobUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBlobUrl {
    /// Not a URL.
    #[error("is not a URL")]
    Syntax,
    /// Another scheme.
    #[error("is neither file: nor s3://")]
    Scheme,
    /// No folder.
    #[error("names no folder")]
    Folder,
    /// No bucket.
    #[error("names no bucket")]
    Bucket,
    /// Something that belongs elsewhere.
    #[error("holds a user, a password, a port or a fragment; credentials have keys of their own")]
    Rest,
    /// The endpoint is no URL of a server.
    #[error("has an endpoint that is not the http or https URL of a server")]
    Endpoint,
    /// A parameter nobody knows.
    #[error("has a parameter other than endpoint and region, or one of them twice")]
    Parameter,
}

/// What stores that know no regions are told.
const ANY_REGION: &str = "us-east-1";

impl BlobUrl {
    /// Reads a URL.
    pub fn parse(text: &str) -> Result<Self, InvalidBlobUrl> {
        let text = text.trim();
        if let Some(folder) = text.strip_prefix("file:") {
            let folder = folder.strip_prefix("//").unwrap_or(folder);
            return if folder.is_empty() { Err(InvalidBlobUrl::Folder) } else { Ok(Self::Folder(folder.into())) };
        }
        let url = Url::parse(text).map_err(|_syntax| InvalidBlobUrl::Syntax)?;
        if url.scheme() == "s3" { bucket(&url).map(Self::S3) } else { Err(InvalidBlobUrl::Scheme) }
    }
}

fn bucket(url: &Url) -> Result<Bucket, InvalidBlobUrl> {
    let name = url.host_str().filter(|name| !name.is_empty()).ok_or(InvalidBlobUrl::Bucket)?.to_owned();
    if !url.username().is_empty() || url.password().is_some() || url.port().is_some() || url.fragment().is_some() {
        return Err(InvalidBlobUrl::Rest);
    }
    let (mut endpoint, mut region) = (None, None);
    for (parameter, value) in url.query_pairs() {
        match &*parameter {
            "endpoint" if endpoint.is_none() => endpoint = Some(server(&value)?),
            "region" if region.is_none() && !value.is_empty() => region = Some(value.into_owned()),
            _ => return Err(InvalidBlobUrl::Parameter),
        }
    }
    let prefix = url.path().trim_matches('/').to_owned();
    Ok(Bucket { name, prefix, endpoint, region: region.unwrap_or_else(|| ANY_REGION.to_owned()) })
}

fn server(text: &str) -> Result<Url, InvalidBlobUrl> {
    let url = Url::parse(text).map_err(|_syntax| InvalidBlobUrl::Endpoint)?;
    let is_bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let is_server = matches!(url.scheme(), "http" | "https") && url.has_host() && is_bare && url.fragment().is_none();
    if is_server { Ok(url) } else { Err(InvalidBlobUrl::Endpoint) }
}

impl fmt::Display for BlobUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::S3(Bucket { name, prefix, .. }) if prefix.is_empty() => write!(f, "s3://{name}"),
            Self::S3(Bucket { name, prefix, .. }) => write!(f, "s3://{name}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_taken_as_they_stand() {
        let folder = |text: &str| BlobUrl::parse(text);
        assert_eq!(folder("file:./data/blobs"), Ok(BlobUrl::Folder("./data/blobs".into())));
        assert_eq!(folder("file:///srv/a b"), Ok(BlobUrl::Folder("/srv/a b".into())));
        assert_eq!(folder("file:"), Err(InvalidBlobUrl::Folder));
    }

    #[test]
    fn buckets_have_a_place() {
        let bucket = |text: &str| match BlobUrl::parse(text) {
            Ok(BlobUrl::S3(bucket)) => bucket,
            other => panic!("{text}: {other:?}"),
        };
        let amazon = bucket("s3://files?region=eu-west-1");
        assert_eq!((amazon.name.as_str(), amazon.prefix.as_str()), ("files", ""));
        assert_eq!((amazon.endpoint, amazon.region.as_str()), (None, "eu-west-1"));
        let own = bucket("s3://files/a/b/?endpoint=http://127.0.0.1:9000");
        assert_eq!((own.prefix.as_str(), own.region.as_str()), ("a/b", "us-east-1"));
        assert_eq!(own.endpoint.unwrap().port(), Some(9000));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for (text, why) in [
            ("", InvalidBlobUrl::Syntax),
            ("blobs", InvalidBlobUrl::Syntax),
            ("gs://files", InvalidBlobUrl::Scheme),
            ("s3://", InvalidBlobUrl::Bucket),
            ("s3://key:secret@files", InvalidBlobUrl::Rest),
            ("s3://files:9000", InvalidBlobUrl::Rest),
            ("s3://files?endpoint=minio", InvalidBlobUrl::Endpoint),
            ("s3://files?endpoint=ftp://minio", InvalidBlobUrl::Endpoint),
            ("s3://files?endpoint=https://key:secret@minio", InvalidBlobUrl::Endpoint),
            ("s3://files?region=a&region=b", InvalidBlobUrl::Parameter),
            ("s3://files?acl=public", InvalidBlobUrl::Parameter),
        ] {
            assert_eq!(BlobUrl::parse(text), Err(why), "{text}");
        }
    }
}
