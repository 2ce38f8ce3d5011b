//! Paths that do not exist, and methods that a path does not have.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    dev::ResourceDef,
    http::{Method, StatusCode},
    web,
};
use ashlar_kernel::NotFound;
use utoipa::openapi::{OpenApi, PathItem};

use super::{AppState, catalogue::http_codes, problem::Problem};

/// Which paths exist with which methods, read off the description of the API.
pub(crate) struct RouteTable(Vec<(ResourceDef, Vec<Method>)>);

impl RouteTable {
    /// The table of a description.
    pub(crate) fn new(description: &OpenApi) -> Self {
        let documented = description.paths.paths.iter();
        let mut table: Vec<_> =
            documented.map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item))).collect();
        // Of these the description has the half that is no page.
        let mixed = ["/api/v1/newsletter/confirm", "/api/v1/newsletter/u/{token}"];
        table.splice(0..0, mixed.map(|page| (ResourceDef::new(page), vec![Method::GET, Method::HEAD, Method::POST])));
        let pages = ["/", "/docs", "/docs/{file:.*}", "/problems/{code}"];
        table.extend(pages.map(|page| (ResourceDef::new(page), vec![Method::GET, Method::HEAD])));
        Self(table)
    }

    /// The methods of a path; none if it does not exist.
    fn methods_of(&self, path: &str) -> Option<&[Method]> {
        self.0.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, methods)| methods.as_slice())
    }
}

fn methods(item: &PathItem) -> Vec<Method> {
    let documented = [
        (item.get.is_some(), Method::GET),
        (item.get.is_some(), Method::HEAD),
        (item.post.is_some(), Method::POST),
        (item.put.is_some(), Method::PUT),
        (item.patch.is_some(), Method::PATCH),
        (item.delete.is_some(), Method::DELETE),
    ];
    documented.into_iter().filter_map(|(exists, method)| exists.then_some(method)).collect()
}

/// Answers what no route answers: 405 with `Allow` where the path exists, 404 where it does not, and `OPTIONS`
/// outside a CORS preflight with the methods of the path.
pub(crate) async fn fallback(request: HttpRequest, state: web::Data<AppState>) -> HttpResponse {
    let Some(methods) = state.routes.methods_of(request.path()) else {
        return Problem::from(NotFound).error_response();
    };
    let detail = format!("{} is not among the methods of this path", request.method());
    let problem =
        Problem::http(StatusCode::METHOD_NOT_ALLOWED, http_codes::METHOD_NOT_ALLOWED, detail).allow(methods.to_vec());
    if request.method() == Method::OPTIONS {
        let mut answer = problem.head();
        return answer.status(StatusCode::NO_CONTENT).finish();
    }
    problem.error_response()
}
