//! A client that reads the description of the API along with every answer.

use std::{net::SocketAddr, sync::Arc};

use reqwest::{Method, RequestBuilder, redirect::Policy};
use serde_json::Value;

use crate::{Answer, contract::Contract, leaks, raw};

/// Speaks to one product.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    contract: Arc<Contract>,
}

impl Client {
    /// A client of the product that listens at `address`.
    pub fn new(address: SocketAddr) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { http, address, contract: Arc::new(Contract::of_this_version()) }
    }

    /// The description that answers are compared with.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// Where the product listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A request to be completed.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let request = self.http.request(method.clone(), format!("http://{}{path}", self.address));
        Call { request, method, path: path.to_owned(), contract: Some(Arc::clone(&self.contract)) }
    }

    /// A request with a method by name.
    pub fn named(&self, method: &str, path: &str) -> Call {
        self.call(method.parse().unwrap(), path)
    }

    /// A `GET`.
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// A `POST`.
    pub fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    /// A `PATCH`.
    pub fn patch(&self, path: &str) -> Call {
        self.call(Method::PATCH, path)
    }

    /// A `DELETE`.
    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// Sends bytes as they are, on a connection of their own, and reads one answer. Nothing is compared.
    pub async fn raw(&self, request: &[u8]) -> Answer {
        raw::exchange(self.address, request).await
    }

    /// The same, where the server may also hang up without an answer.
    pub async fn raw_status(&self, request: &[u8]) -> Option<u16> {
        raw::try_exchange(self.address, request).await.map(|answer| answer.status)
    }
}

/// A request being put together.
#[must_use]
pub struct Call {
    request: RequestBuilder,
    method: Method,
    path: String,
    contract: Option<Arc<Contract>>,
}

impl Call {
    /// With an access token.
    pub fn bearer(self, token: &str) -> Self {
        Self { request: self.request.bearer_auth(token), ..self }
    }

    /// With a header.
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        Self { request: self.request.header(name, value.as_ref()), ..self }
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        Self { request: self.request.json(body), ..self }
    }

    /// With a body of JSON that may be broken.
    pub fn text(self, body: impl Into<Vec<u8>>) -> Self {
        Self { request: self.request.header("content-type", "application/json").body(body.into()), ..self }
    }

    /// With a body of any type.
    pub fn body(self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { request: self.request.header("content-type", media_type).body(body.into()), ..self }
    }

    /// Does not compare the answer with the description: this request is outside of it on purpose.
    pub fn undescribed(self) -> Self {
        Self { contract: None, ..self }
    }

    /// Sends it and compares the answer with the description.
    pub async fn send(self) -> Answer {
        let response = self.request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = Answer { status, headers, body: response.bytes().await.unwrap().into() };
        if let Ok(body) = serde_json::from_slice(&answer.body) {
            leaks::note(&body);
        }
        if let Some(contract) = &self.contract {
            contract.check(&self.method, &self.path, &answer);
        }
        answer
    }
}
