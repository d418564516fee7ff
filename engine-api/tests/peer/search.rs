use engine_api::Filters;

use crate::support::{Answer, Peer, soon};

#[tokio::test]
async fn a_search_gives_what_the_registry_found() {
    let peer = Peer::start(|request| {
        assert_eq!(
            request,
            "GET /v1.41/images/search?term=de%20bian&limit=2&filters=%7B%22is-official%22%3A%5B%22true%22%5D%7D"
        );
        Answer::json(
            r#"[{"star_count":7,"is_official":true,"name":"debian","is_automated":false,"description":null}]"#,
        )
    });
    let filters = Filters::new().with("is-official", "true");
    let found = peer.client().image_search("de bian", Some(2), &filters, soon()).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].name.as_str(), found[0].star_count, found[0].is_official), ("debian", 7, true));
    assert_eq!(found[0].description, "");
}
