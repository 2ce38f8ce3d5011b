//! Tenants that are suspended, and people who operate the installation.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000018_tenancy", up, down };

fn up(dialect: &Dialect) -> String {
    let moment = dialect.moment;
    format!(
        r#"
ALTER TABLE tenant ADD COLUMN suspended_at {moment};
ALTER TABLE "user" ADD COLUMN operator_since {moment};
"#
    )
}

fn down(_: &Dialect) -> String {
    r#"
ALTER TABLE "user" DROP COLUMN operator_since;
ALTER TABLE tenant DROP COLUMN suspended_at;
"#
    .to_owned()
}
