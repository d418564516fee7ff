//! What is around this process: a container, perhaps, which says whose its sandboxes are and which routes lead to them.

use std::path::Path;

use super::{Sandboxes, Shared, owner};

impl Sandboxes {
    /// The folder of the sockets by which sandboxes are reached, or why they are reached through the engine; `None` before one
    /// has been reached.
    #[must_use]
    pub fn link_sockets(&self) -> Option<Result<&Path, &str>> {
        self.shared.routes.explain()
    }
}

impl Shared {
    /// The owner of what this process makes, as a label says it.
    pub(super) async fn owner_label(&self) -> engine_api::Result<&str> {
        let asked = async || {
            let container = owner::own_container(&self.client).await?;
            self.routes.locate(container.as_ref().map(|container| container.mounts.as_slice()));
            Ok(match &container {
                Some(container) => self.owner.clone().within(container).to_string(),
                None => self.owner.to_string(),
            })
        };
        self.owner_label.get_or_try_init(asked).await.map(String::as_str)
    }
}
