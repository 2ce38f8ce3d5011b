//! Leads taken along as a file.

use actix_web::{HttpRequest, HttpResponse, get, web};
use ashlar_kernel::StoreError;
use ashlar_leads::{ExportColumn, ExportFormat, ExportLeads, Exported};
use bytes::Bytes;
use futures::stream;
use url::form_urlencoded;

use super::{
    export_dto::LeadExport,
    exports, list,
    query::{LeadExportQuery, LeadFilterQuery},
};
use crate::http::{
    AppState,
    caller::Caller,
    problem::Problem,
    query::{invalid, refused},
};

/// Export leads
///
/// The leads that the list with the same filters shows, oldest first, as a file in one go, up to 100,000 of them. Of more a
/// worker writes the file: the answer is 202, and `Location` says where the export is found, with a link to the file once it
/// is whole. In CSV, cells that a spreadsheet would compute begin with `'`; imports take it off again. That leads were taken
/// along stands in the audit trail.
#[utoipa::path(
    operation_id = "exportLeads",
    tag = "leads",
    path = "/api/v1/leads/export",
    params(LeadFilterQuery, LeadExportQuery),
    responses(
        (status = 200, description = "The file.", content(
            (String = "text/csv", example = json!("full_name,email\r\nAda Lovelace,ada@engines.example\r\n")),
            (String = "application/jsonl", example = json!("{\"full_name\":\"Ada Lovelace\",\"email\":\"ada@engines.example\"}\n")),
        )),
        (status = 202, description = "The export, which waits for its turn.", body = LeadExport,
            headers(("Location" = String, description = "Where the export is found."))),
    ),
    extensions(
        ("x-permission" = json!("leads.lead.export")),
        ("x-problems" = json!(["invalid_parameter"])),
    ),
    security(("bearer" = []), ("api_key" = []))
)]
#[get("/api/v1/leads/export")]
pub(super) async fn export(
    caller: Caller,
    request: HttpRequest,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let command = parse(request.query_string())?;
    let (media_type, name) = exports::media_type(command.format);
    let export = match state.transfers.export(&caller.context, command).await? {
        Exported::Now(export) => export,
        Exported::Later(job) => return Ok(exports::accepted(&job)),
    };
    let parts = stream::try_unfold(export, |mut export| async move {
        let part = export.next().await?;
        Ok::<_, StoreError>(part.map(|part| (Bytes::from(part), export)))
    });
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header(("content-disposition", format!("attachment; filename=\"{name}\"")))
        .insert_header(("cache-control", "no-store"))
        .streaming(Box::pin(parts)))
}

/// Pages, counts and sorts are for lists.
const OF_LISTS: [&str; 4] = ["limit", "cursor", "sort", "include"];

fn parse(query: &str) -> Result<ExportLeads, Problem> {
    let (mut format, mut columns) = (None, None);
    let mut filters = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let own = match &*name {
            "format" => &mut format,
            "columns" => &mut columns,
            _ if OF_LISTS.contains(&&*name) => {
                return Err(refused(&name, "unknown_parameter", "this operation knows no such parameter"));
            }
            _ => {
                filters.append_pair(&name, &value);
                continue;
            }
        };
        if own.replace(value.into_owned()).is_some() {
            return Err(refused(&name, "duplicate", "this parameter is given twice"));
        }
    }
    let format = format.as_deref().unwrap_or("csv").parse::<ExportFormat>();
    let columns = columns.as_deref().map_or(Ok(Vec::new()), |names| {
        names.split(',').map(|name| name.trim().parse::<ExportColumn>()).collect::<Result<Vec<_>, _>>()
    });
    Ok(ExportLeads {
        filter: list::parse(&filters.finish())?.filter,
        columns: columns.map_err(|fault| invalid("columns", &fault.to_string()))?,
        format: format.map_err(|fault| invalid("format", &fault.to_string()))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_takes_the_filters_of_the_list_and_columns() {
        let command = parse("status=new&format=jsonl&columns=email,%20full_name&q=ada").unwrap();
        assert_eq!(command.format, ExportFormat::Jsonl);
        assert_eq!(command.columns, [ExportColumn::Email, ExportColumn::FullName]);
        assert!(command.filter.search.is_some());
        for bad in ["format=xls", "columns=password", "limit=1", "sort=-score", "colour=red", "format=csv&format=csv"] {
            assert_eq!(parse(bad).unwrap_err().code(), "invalid_parameter", "{bad}");
        }
    }
}
