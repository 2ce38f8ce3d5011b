//! Mail.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use ashlar_kernel::{
    OneClick,
    contract::mailer::{Arrived, Fixture},
};
use ashlar_memory::MemoryMailer;

fn mailer() -> Ready<Option<Fixture>> {
    let mailer = MemoryMailer::new();
    let sent = mailer.clone();
    let inbox = Arc::new(move || {
        let lines = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
        let arrived = sent.sent().into_iter().map(|mail| Arrived {
            message_id: mail.message_id(),
            from: (mail.from().name().map(str::to_owned), mail.from().address().as_str().to_owned()),
            to: vec![mail.to().as_str().to_owned()],
            reply_to: mail.reply_to().map(|mailbox| mailbox.address().as_str().to_owned()),
            subject: mail.subject().to_owned(),
            text: lines(mail.text()),
            html: mail.html().map(lines),
            date: Some(mail.date().timestamp()),
            unsubscribe: mail.unsubscribe().map(|one_click| (one_click.header(), OneClick::POST.to_owned())),
        });
        let arrived: Vec<_> = arrived.collect();
        Box::pin(ready(arrived)) as _
    });
    ready(Some(Fixture { mailer: Arc::new(mailer), inbox }))
}

ashlar_kernel::mailer_contract!(mailer);
