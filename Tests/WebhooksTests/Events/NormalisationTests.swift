import Testing
import Webhooks

@Suite struct NormalisationTests {
    static let files = Resource.names(in: "wire")
    static let expected = Resource.names(in: "expected")
    private static let invalid = ["edge.raw.bom.txt", "edge.transformed.inngest-style.json"]

    /// The files of `expected` were made from the README's words by another program, not by this code.
    @Test(arguments: expected)
    func rendersEveryBody(name: String) throws {
        let payload = try event(Resource.bytes("wire/\(name)")).rendered(as: .cloudevents)
        let wanted = try Resource.bytes("expected/\(name)")
        #expect(text(payload.body) == text(wanted))
        #expect(payload.body == wanted)
    }

    @Test func leavesNoBodyOut() {
        #expect(Self.files.count == 80)
        #expect(Self.files.filter { !Self.invalid.contains($0) } == Self.expected)
    }

    /// Binary mode carries the same data.
    @Test(arguments: expected)
    func binaryDataIsTheSame(name: String) throws {
        let event = event(try Resource.bytes("wire/\(name)"))
        let structured = try JSONValue(validating: event.rendered(as: .cloudevents).body)
        #expect(try event.rendered(as: .cloudeventsBinary).body == structured.object?["data"].map { Array($0.raw) })
    }

    @Test(arguments: expected)
    func neverSendsPrivateMetadataOfKnownShapes(name: String) throws {
        let body = try Resource.bytes("wire/\(name)")
        let event = event(body)
        let type = try Envelope.parse(body.span.bytes).type
        let known = ["user.", "session.", "organization.", "organizationMembership.", "organizationInvitation."]
        guard known.contains(where: type.hasPrefix), type != "user.passkeyAdded" else { return }
        #expect(!text(try event.rendered(as: .cloudevents).body).contains("private_metadata"))
    }

    @Test(
        arguments: [
            // A bare deletion of any sender; the key `object` repeats the type.
            ("customer.deleted", #"{"id":"c","object":"customer","deleted":true}"#, deleted("c")),
            ("a.b.deleted", #"{"id":"c","deleted":true}"#, deleted("c")),
            ("customer.deleted", #"{"deleted":true}"#, #"{"id":null,"external_id":null,"slug":null,"deleted":true}"#),
            // Everything else keeps what the sender said.
            ("customer.deleted", #"{"id":"c","deleted":true,"email":"e"}"#, nil),
            ("customer.deleted", #"{"id":5,"deleted":true}"#, nil),
            ("customer.deleted", #"{"id":"c","deleted":false}"#, nil),
            ("customer.deleted", #"{"id":"c","deleted":"true"}"#, nil),
            ("customer.deleted", #"{"id":"c"}"#, nil),
            ("customerdeleted", #"{"id":"c","deleted":true}"#, nil),
            ("user.removed", #"{"id":"c","deleted":true}"#, nil),
            ("user.x.deleted", #"{"id":"c","deleted":true,"more":1}"#, nil),
            // Clerk's families have this shape whatever stands beside.
            ("user.deleted", #"{"id":"c","deleted":true,"more":1}"#, deleted("c")),
            ("session.deleted", #"{"id":"c","deleted":true,"more":1}"#, deleted("c")),
            ("role.deleted", #"{"id":"c","deleted":true,"more":1}"#, deleted("c")),
            ("organizationMembership.deleted", #"{"id":"c","deleted":true,"role":"r"}"#, deleted("c")),
            (
                "user.deleted", #"{"id":7,"external_id":"x\u0041","slug":"s","deleted":true}"#,
                #"{"id":null,"external_id":"x\u0041","slug":"s","deleted":true}"#
            ),
            ("user.deleted", #"{"id":"a","deleted":false,"id":"c","deleted":true}"#, deleted("c")),
            ("user.deleted", #"{"id":"c","deleted":true,"deleted":false}"#, nil),
        ] as [(String, String, String?)])
    func deletions(type: String, data: String, expected: String?) throws {
        #expect(try normalised(type, data) == expected ?? data)
    }

    @Test(arguments: [
        ("user.created", "[1, 2]"), ("user.created", "null"), ("user.created", #""x""#), ("user.created", "1.0"),
        ("user.created.x", #"{ "id" : 1.0 }"#), ("user", #"{"id":1}"#), ("user.locked", #"{"id":1}"#),
        ("session.a.b", #"{"id":1}"#), ("organizations.created", #"{"id":1}"#), ("role.created", #"{"id":1}"#),
        ("User.created", #"{"id":1}"#), ("x", #"{"a":1,"a":123456789012345678901234567890,"b":"\u003c\/"}"#),
    ])
    func passesOn(type: String, data: String) throws {
        #expect(try normalised(type, " \n\(data)\t") == data)
    }

    /// What a sender says beside `data` is all there is, as in Stripe's thin events.
    @Test func passesOnTheWholeBodyWithoutData() throws {
        let body = #"{"type":"user.created","related_object":{"id":1.0}}"#
        let event = event(Array(" \(body)\n".utf8))
        #expect(text(try event.rendered(as: .cloudevents).body).hasSuffix(#","data":\#(body)}"#))
        #expect(text(try event.rendered(as: .cloudeventsBinary).body) == body)
    }

    /// What is not of the declared kind is null.
    @Test func refusesOtherKinds() throws {
        let user = #"""
            {"id":1,"external_id":{},"username":true,"first_name":["a"],"last_name":null,"image_url":2,
            "email_addresses":{"id":"a"},"phone_numbers":"p","primary_email_address_id":"a","banned":"false",
            "locked":0,"two_factor_enabled":null,"public_metadata":"m","unsafe_metadata":[ 1 ],
            "created_at":"1744276400012","updated_at":1e400,"last_sign_in_at":true}
            """#
        #expect(
            try normalised("user.updated", user)
                == #"{"id":null,"external_id":null,"username":null,"first_name":null,"last_name":null,"email":null,"#
                + #""email_verified":null,"emails":null,"phone":null,"phone_verified":null,"image_url":null,"#
                + #""banned":null,"locked":null,"two_factor_enabled":null,"public_metadata":"m","#
                + #""unsafe_metadata":[ 1 ],"created_at":null,"updated_at":null,"last_sign_in_at":null}"#)
        #expect(
            try normalised("organization.updated", #"{"members_count":"3","max_allowed_memberships":5.0}"#)
                == #"{"id":null,"name":null,"slug":null,"image_url":null,"created_by":null,"members_count":null,"#
                + #""max_allowed_memberships":5.0,"public_metadata":null,"created_at":null,"updated_at":null}"#)
        #expect(
            try normalised("organizationMembership.created", #"{"organization":[],"public_user_data":"u"}"#)
                == #"{"id":null,"role":null,"organization":null,"user":null,"public_metadata":null,"#
                + #""created_at":null,"updated_at":null}"#)
        #expect(
            try normalised("session.created", #"{"user":"u","actor":{"sub":"a"},"abandon_at":1716883200.25}"#)
                == #"{"id":null,"user_id":null,"client_id":null,"status":null,"actor":{"sub":"a"},"user":null,"#
                + #""client_ip":null,"user_agent":null,"created_at":null,"updated_at":null,"last_active_at":null,"#
                + #""expire_at":null,"abandon_at":"2024-05-28T08:00:00.250Z"}"#)
    }

    /// The primary address is the one with the primary id and no other.
    @Test(arguments: [
        // The id is looked up, wherever the entry is and however it is spelt.
        (
            #""primary_email_address_id":"b","email_addresses":[{"id":"a","email_address":"a@x"},{"id":"\u0062","email_address":"b@x"}]"#,
            #""email":"b@x","email_verified":false,"emails":[{"email":"a@x","verified":false,"primary":false},{"email":"b@x","verified":false,"primary":true}]"#
        ),
        (
            #""primary_email_address_id":"c","email_addresses":[{"id":"a","email_address":"a@x","verification":{"status":"verified"}}]"#,
            #""email":null,"email_verified":null,"emails":[{"email":"a@x","verified":true,"primary":false}]"#
        ),
        (
            #""primary_email_address_id":null,"email_addresses":[{"id":null,"email_address":"a@x","verification":{"status":"unverified"}}]"#,
            #""email":null,"email_verified":null,"emails":[{"email":"a@x","verified":false,"primary":false}]"#
        ),
        (
            #""email_addresses":[{"email_address":"a@x","verification":null}]"#,
            #""email":null,"email_verified":null,"emails":[{"email":"a@x","verified":false,"primary":false}]"#
        ),
        (
            #""primary_email_address_id":1,"email_addresses":[{"id":1,"email_address":7,"verification":{"status":"Verified"}}, "x"]"#,
            #""email":null,"email_verified":null,"emails":[{"email":null,"verified":false,"primary":false},{"email":null,"verified":false,"primary":false}]"#
        ),
        (
            #""primary_email_address_id":"a","email_addresses":[{"id":"a","email_address":"\u0061@x","verification":{"status":"verifie\u0064"}}]"#,
            #""email":"\u0061@x","email_verified":true,"emails":[{"email":"\u0061@x","verified":true,"primary":true}]"#
        ),
        (#""primary_email_address_id":"a","email_addresses":[]"#, #""email":null,"email_verified":null,"emails":[]"#),
    ])
    func primaryAddresses(members: String, expected: String) throws {
        let data = try normalised("user.created", "{\(members)}")
        #expect(data.contains(",\(expected),\"phone\":null,"), "\(data)")
        let phones = members.replacing("email_addresses", with: "phone_numbers")
            .replacing("email_address", with: "phone_number")
        let phone = expected.replacing(/,"emails".*/, with: "").replacing("email", with: "phone")
        #expect(try normalised("user.created", "{\(phones)}").contains(",\(phone),\"image_url\":"))
    }

    @Test func emptyRequestTextsAreNull() throws {
        let request = #""event_attributes":{"http_request":{"client_ip":"","user_agent":"\u0061"}}"#
        let body = #"{"type":"session.ended","data":{"client_ip":"1.2.3.4"},\#(request)}"#
        let data = text(try event(Array(body.utf8)).rendered(as: .cloudeventsBinary).body)
        #expect(data.contains(#","client_ip":null,"user_agent":"\u0061","#))
    }

    private static func deleted(_ id: String) -> String {
        #"{"id":"\#(id)","external_id":null,"slug":null,"deleted":true}"#
    }

    private func normalised(_ type: String, _ data: String) throws -> String {
        let body = #"{"data":\#(data),"type":"\#(type)"}"#
        return text(try event(Array(body.utf8)).rendered(as: .cloudeventsBinary).body)
    }
}

/// An event as the tests' expected outputs have it.
func event(_ body: [UInt8], contentType: String? = nil, signedTimestamp: Int64 = 1_744_276_394) -> Event {
    let envelope = try? Envelope.parse(body.span.bytes)
    let signedTime = signedTimestamp.multipliedReportingOverflow(by: 1000)
    return Event(
        source: "clerk", id: "msg_2vXCR8ZEPVwj3kXoH7TeRMIjD8b", type: envelope?.type ?? "no.event",
        subject: envelope?.subject, time: envelope?.timestamp ?? (signedTime.overflow ? .max : signedTime.partialValue),
        contentType: contentType, signedTimestamp: signedTimestamp, traceparent: nil, body: body)
}

func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self)
}
