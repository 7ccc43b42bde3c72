//! What the desk does.

use motcua_api::v1::*;
use tonic::Status;

use super::{Acted, Client};

/// What the desk does.
impl Client {
    /// Accepts every document that is present and has no verdict.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn accept_rest(&self, dossier: &str) -> Acted {
        self.decide(dossier, Vec::new(), true).await
    }

    /// Rejects items, each with its reason.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn reject(&self, dossier: &str, items: &[(&str, &str)]) -> Acted {
        let decision = |(item, reason): &(&str, &str)| ItemDecision {
            item: (*item).to_owned(),
            accepted: false,
            reason: (*reason).to_owned(),
        };
        self.decide(dossier, items.iter().map(decision).collect(), false).await
    }

    /// Accepts items.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn approve(&self, dossier: &str, items: &[&str]) -> Acted {
        let decision = |item: &&str| ItemDecision {
            item: (*item).to_owned(),
            accepted: true,
            reason: String::new(),
        };
        self.decide(dossier, items.iter().map(decision).collect(), false).await
    }

    async fn decide(
        &self,
        dossier: &str,
        decisions: Vec<ItemDecision>,
        accept_rest: bool,
    ) -> Acted {
        act!(self.desk().decide_items(DecideItemsRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            decisions,
            accept_rest,
        }))
    }

    /// Records what a register answered.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn look_up(
        &self,
        dossier: &str,
        requirement: &str,
        registry: &str,
        found: bool,
    ) -> Acted {
        act!(self.desk().record_lookup(RecordLookupRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            requirement: requirement.to_owned(),
            registry: registry.to_owned(),
            found,
            answer: if found { "Có dữ liệu." } else { "Không có dữ liệu." }.into(),
        }))
    }

    /// Accepts the dossier.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn accept(&self, dossier: &str) -> Acted {
        act!(self.desk().accept_dossier(AcceptDossierRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            ..Default::default()
        }))
    }

    /// Asks for a supplement, each item with what is wrong.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn request_supplement(&self, dossier: &str, items: &[(&str, &str)]) -> Acted {
        let item = |(item, content): &(&str, &str)| SupplementItem {
            item: (*item).to_owned(),
            content: (*content).to_owned(),
        };
        act!(self.desk().request_supplement(RequestSupplementRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            reason: "Hồ sơ chưa đầy đủ.".into(),
            items: items.iter().map(item).collect(),
            ..Default::default()
        }))
    }

    /// Refuses, or proposes a negative result.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn refuse(&self, dossier: &str, reason: &str) -> Acted {
        act!(self.desk().refuse_dossier(RefuseDossierRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            reason: reason.to_owned(),
            ..Default::default()
        }))
    }

    /// Assigns the open work item.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn assign(&self, dossier: &str, assignee: &str) -> Acted {
        act!(self.desk().assign_item(AssignItemRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            work_item: None,
            assignee: assignee.to_owned(),
        }))
    }

    /// Claims the open work item.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn claim(&self, dossier: &str) -> Acted {
        act!(self.desk().claim_item(ClaimItemRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            work_item: None,
        }))
    }

    /// Releases the open work item.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn release(&self, dossier: &str) -> Acted {
        act!(self.desk().release_item(ReleaseItemRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            work_item: None,
        }))
    }

    /// Hands the open work item over; empty texts leave unit or assignee open.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn hand_over(&self, dossier: &str, unit: &str, assignee: &str) -> Acted {
        act!(self.desk().hand_over_item(HandOverItemRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            work_item: None,
            unit: unit.to_owned(),
            assignee: assignee.to_owned(),
            reason: "Bàn giao công việc.".into(),
        }))
    }

    /// Carries out an action of the procedure.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn advance(&self, dossier: &str, action: &str) -> Acted {
        self.advance_with(dossier, action, "", "").await
    }

    /// Carries out an action of the procedure with the unit and the data that it takes.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn advance_with(
        &self,
        dossier: &str,
        action: &str,
        unit: &str,
        data_json: &str,
    ) -> Acted {
        act!(self.desk().advance_dossier(AdvanceDossierRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            action: action.to_owned(),
            work_item: None,
            reason: "Theo quy trình.".into(),
            unit: unit.to_owned(),
            data_json: data_json.to_owned(),
            units: Vec::new(),
            ..Default::default()
        }))
    }

    /// Drafts a result with a file that is uploaded now; its digest and the dossier.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn draft(
        &self,
        dossier: &str,
        action: &str,
        bytes: &[u8],
    ) -> Result<(String, DossierState), Status> {
        let sha256 = self.upload("application/pdf", bytes).await?;
        let draft = UploadedDocument { sha256: sha256.clone(), ..Default::default() };
        let drafted: Acted = act!(self.desk().advance_dossier(AdvanceDossierRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            action: action.to_owned(),
            reason: "Theo quy trình.".into(),
            draft: Some(draft),
            ..Default::default()
        }));
        Ok((sha256, drafted?))
    }

    /// Records a payment.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn pay(&self, dossier: &str, fee: &str, amount: u64, reference: &str) -> Acted {
        act!(self.desk().record_payment(RecordPaymentRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            fee: fee.to_owned(),
            amount,
            external_reference: reference.to_owned(),
        }))
    }

    /// Signs.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn sign(&self, dossier: &str) -> Acted {
        act!(self.desk().sign_result(SignResultRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            ..Default::default()
        }))
    }

    /// Numbers and dates the result.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn issue(&self, dossier: &str, number: &str, issued_on: &str) -> Acted {
        act!(self.desk().issue_result(IssueResultRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            number: number.to_owned(),
            issued_on: issued_on.to_owned(),
            ..Default::default()
        }))
    }

    /// Issues an electronic result, the file of this digest.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn issue_file(&self, dossier: &str, number: &str, sha256: &str) -> Acted {
        let document =
            UploadedDocument { sha256: sha256.to_owned(), signed: true, ..Default::default() };
        act!(self.desk().issue_result(IssueResultRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            number: number.to_owned(),
            issued_on: "2026-10-05".into(),
            document: Some(document),
            ..Default::default()
        }))
    }

    /// Ends processing.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn complete(&self, dossier: &str) -> Acted {
        act!(self.desk().complete_dossier(CompleteDossierRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            ..Default::default()
        }))
    }

    /// Hands the result over at the counter to people whose identity was checked.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn deliver(&self, dossier: &str, recipients: &[&str], originals: &[&str]) -> Acted {
        let recipient = |id: &&str| Recipient {
            id: (*id).to_owned(),
            identity_checked: true,
            authorised: false,
        };
        act!(self.desk().deliver_result(DeliverResultRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            method: DeliveryMethod::Counter.into(),
            recipients: recipients.iter().map(recipient).collect(),
            originals_checked: originals.iter().map(|id| (*id).to_owned()).collect(),
            ..Default::default()
        }))
    }

    /// Declines a withdrawal.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn decline_withdrawal(&self, dossier: &str) -> Acted {
        act!(self.desk().decline_withdrawal(DeclineWithdrawalRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            reason: "Công dân đề nghị giải quyết tiếp.".into(),
            ..Default::default()
        }))
    }

    /// Apologises with a new date.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn apologise(&self, dossier: &str, due_on: &str) -> Acted {
        act!(self.desk().apologise_for_delay(ApologiseForDelayRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            reason: "Chờ kết quả xác minh.".into(),
            due_on: due_on.to_owned(),
            agency_at_fault: false,
            ..Default::default()
        }))
    }

    /// Stops processing; with an empty reason as it is.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn stop(&self, dossier: &str, reason: &str) -> Acted {
        act!(self.desk().stop_dossier(StopDossierRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            reason: reason.to_owned(),
            ..Default::default()
        }))
    }

    /// The first page of a queue.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn queue(&self, queue: Queue) -> Result<ListWorkItemsResponse, Status> {
        let request = ListWorkItemsRequest { queue: queue.into(), ..Default::default() };
        Ok(self.desk().list_work_items(request).await?.into_inner())
    }

    /// The first page of a search.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn search(
        &self,
        by: search_dossiers_request::By,
    ) -> Result<Vec<DossierState>, Status> {
        let request = SearchDossiersRequest { by: Some(by), ..Default::default() };
        Ok(self.desk().search_dossiers(request).await?.into_inner().dossiers)
    }
}
